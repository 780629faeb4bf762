"""What might remove degradation without a shortcut: other steps, weights of fixed length, other weights at the start.

All act on nets that are trained side by side (`SideBySide`): each net is clipped, scaled and normalised by itself.
"""

import torch
from torch import nn

from snippets.convnet_training import layers


# --8<-- [start:by_net]
def by_net(tensor, nets):
    """Each net's own numbers, (nets, outputs, …): a view of a tensor of all nets, which stand one after the other."""
    return tensor.unflatten(0, (nets, -1))


def length(tensor, nets):
    """How long each net's own part is, (nets,)."""
    return by_net(tensor.detach(), nets).flatten(1).norm(dim=1)


def multiply(tensor, factors):
    """Each net's own part times its own factor, (nets,), in place."""
    part = by_net(tensor.detach(), len(factors))
    part.mul_(factors.view(-1, *[1] * tensor.dim()))


def weights(net):
    """The weights of convolutions and of the linear layer of nets, first to last."""
    return [layer.weight for layer in layers(net)]


# --8<-- [end:by_net]


# --8<-- [start:clipping]
def clipping(net, nets, longest):
    """Before a step: a gradient longer than `longest`, over all weights of a net, is made that long. Pascanu et al. 2013, algorithm 1."""

    def before_step():
        gradients = [p.grad for p in net.parameters()]
        whole = torch.stack([length(g, nets) for g in gradients]).norm(dim=0)
        for g in gradients:
            multiply(g, (longest / whole).clamp(max=1))

    return before_step


# --8<-- [end:clipping]


# --8<-- [start:rate_per_layer]
def rate_per_layer(net, nets):
    """Before a step: each layer's gradient is made as long as its weights, so that steps are the same share of them in every layer.

    You et al. 2017, "Large batch training of convolutional networks", eq. 6 without weight decay.
    """

    def before_step():
        for p in weights(net):
            multiply(p.grad, length(p, nets) / length(p.grad, nets).clamp(min=1e-12))

    return before_step


# --8<-- [end:rate_per_layer]


# --8<-- [start:fixed_length]
def fixed_length(net, nets):
    """After a step: the weights of each convolution get their first length again. BN follows, so the net computes the same.

    Salimans & Kingma 2016, "Weight normalization", §2: a direction, and a length that is held.
    """
    convolutions = [module.weight for module in net.modules() if isinstance(module, nn.Conv2d)]
    first = [length(p, nets) for p in convolutions]

    def after_step():
        for p, at_first in zip(convolutions, first, strict=True):
            multiply(p, at_first / length(p, nets))

    return after_step


# --8<-- [end:fixed_length]


# --8<-- [start:warm_up]
def warm_up(net, nets, share, threshold, error):
    """A share of the rate until a net's training error is below `threshold`. He et al. 2015, §4.2 (a tenth, 0.8).

    `error()` gives each net's training error, (nets,). Returns what to do before a step, and after an epoch.
    """
    factor = torch.full((nets,), float(share))

    def after_epoch(epoch):
        if epoch:
            factor[torch.as_tensor(error()) < threshold] = 1.0

    def before_step():
        for p in net.parameters():
            multiply(p.grad, factor)

    return before_step, after_epoch


# --8<-- [end:warm_up]


# --8<-- [start:orthogonal]
def orthogonal(net, generator):
    """Each convolution's and the linear layer's weights are made orthogonal, (outputs, inputs · 9), and as long as they were.

    Saxe et al. 2014, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", §3.
    """
    for w in weights(net):
        at_first = length(w, 1)
        nn.init.orthogonal_(w, generator=generator)
        multiply(w, at_first / length(w, 1))


# --8<-- [end:orthogonal]


# --8<-- [start:mirrored]
def mirrored(net, paired=True):
    """Weights whose plain `ConvNet` is linear at the start: W = (A −A; −A A), A being a quarter of the weights that were drawn.

    Half of the channels are the other half's mirror images, before and after BN, and ReLU(y) − ReLU(−y) = y. The first layer is
    (A; −A), the linear one (A −A). Balduzzi et al. 2017, "The shattered gradients problem", §5 ("looks linear").
    Unless `paired`, the lower half stands in another order: as many equal weights, and the net is not linear.
    """
    with torch.no_grad():
        for w in weights(net)[:-1]:
            half, inputs = len(w) // 2, w.shape[1]
            if inputs > 1:
                w[:half, inputs // 2 :] = -w[:half, : inputs // 2]
            w[half:] = -w[:half] if paired else -w[:half].roll(1, 0)
        last = net.linear.weight
        last[:, last.shape[1] // 2 :] = -last[:, : last.shape[1] // 2]


# --8<-- [end:mirrored]
