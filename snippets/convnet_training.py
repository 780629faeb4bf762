"""Training a convolutional net, and what is read off it on the way: losses, errors, gradient norms."""

import copy

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from snippets.side_by_side import SideBySide
from snippets.training import both, cosine, nothing, train


# --8<-- [start:train]
def train_side_by_side(
    nets, x, labels, generators, epochs, batch, learning_rate, after_epoch=nothing, remedy=None
):
    """SGD with momentum 0.9, weight decay 1e-4 (He et al. 2015, §4.2), a cosine schedule.

    x is (nets, count, channels, h, w), labels (nets, count); each net draws its minibatches by a generator of its own.
    `remedy`, of the nets side by side, gives what else is done before a step, after it and after an epoch.
    Returns every epoch's mean loss over the minibatches, (epochs, nets).
    """
    net = SideBySide(nets).train()
    before_step, after_step, after = remedy(net) if remedy else (nothing, nothing, nothing)
    optimiser = torch.optim.SGD(
        net.parameters(), lr=learning_rate, momentum=0.9, weight_decay=1e-4, fused=True
    )
    decay = cosine(optimiser, epochs * (labels.shape[1] // batch))
    return train(
        net, optimiser, x, labels, generators, epochs, batch,
        before_step, both(decay, after_step), both(after, after_epoch),
    )


# --8<-- [end:train]


def loss_and_error(net, x, labels):
    """Mean cross-entropy, and the share of wrong answers, with BN's running statistics."""
    with torch.no_grad():
        logits = net.eval()(x)
    return cross_entropy(logits, labels).item(), (logits.argmax(1) != labels).double().mean().item()


# --8<-- [start:gradient_norms]
def gradient_norms(net, x, labels):
    """‖∂E/∂Wₗ‖ of convolutions and linear layer, and ‖∂E/∂aₖ‖ of what enters each block, first to last.

    BN takes the statistics of x. A copy of the net is asked, so that its running statistics stay.
    """
    net, entering = copy.deepcopy(net).train(), []
    for block in net.blocks:
        block.register_forward_pre_hook(
            lambda _, inputs: (inputs[0].retain_grad(), entering.append(inputs[0]))[1]
        )
    net.zero_grad()
    cross_entropy(net(x), labels).backward()
    return [layer.weight.grad.norm().item() for layer in layers(net)], [a.grad.norm().item() for a in entering]


# --8<-- [end:gradient_norms]


def layers(net):
    """Convolutions and the linear layer, first to last: as many as the net is deep."""
    return [module for module in net.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


def weight_lengths(net):
    """‖Wₗ‖ of convolutions and linear layer, first to last."""
    return [layer.weight.detach().norm().item() for layer in layers(net)]
