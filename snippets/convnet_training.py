"""Training a convolutional net, and what is read off it on the way: losses, errors, gradient norms."""

import copy
import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from snippets.side_by_side import SideBySide
from snippets.training import batches, seed_losses


# --8<-- [start:cosine]
def cosine(learning_rate, step, steps):
    """ηₜ = η (1 + cos(π t / T)) / 2. Loshchilov & Hutter 2017, "SGDR", eq. 5."""
    return learning_rate * (1 + math.cos(math.pi * step / steps)) / 2


# --8<-- [end:cosine]


# --8<-- [start:train]
def train(nets, x, labels, seeds, epochs, batch, learning_rate, after_epoch=lambda epoch: None):
    """SGD with momentum 0.9, weight decay 1e-4 (He et al. 2015, §4.2), a cosine schedule; nets side by side.

    x is (count, channels, h, w), labels (count,); each net draws its minibatches by a seed of its own.
    `after_epoch` is called with 0 first, then with 1, 2, …
    Returns every epoch's mean loss over the minibatches, (epochs, nets).
    """
    net = SideBySide(nets).train()
    optimiser = torch.optim.SGD(
        net.parameters(), lr=learning_rate, momentum=0.9, weight_decay=1e-4, fused=True
    )
    steps, history = epochs * (len(x) // batch), []
    after_epoch(0)
    for epoch in range(epochs):
        losses = []
        for index in batches(len(x), batch, seeds, epoch):
            optimiser.param_groups[0]["lr"] = cosine(
                learning_rate, epoch * (len(x) // batch) + len(losses), steps
            )
            loss = seed_losses(net(x[index]), labels[index])
            optimiser.zero_grad()
            # The nets share no weight, so the gradient of the sum is every net's own gradient.
            loss.sum().backward()
            optimiser.step()
            losses.append(loss.detach())
        history.append(torch.stack(losses).mean(0))
        after_epoch(epoch + 1)
    return torch.stack(history)


# --8<-- [end:train]


@torch.no_grad()
def loss_and_error(net, x, labels):
    """Mean cross-entropy, and the share of wrong answers, with BN's running statistics."""
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
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    return [layer.weight.grad.norm().item() for layer in layers], [a.grad.norm().item() for a in entering]


# --8<-- [end:gradient_norms]
