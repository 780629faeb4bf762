"""Small nets on two spirals, made such that a browser can make and train the very same."""

import numpy as np
import torch

from snippets.networks import Plain, Residual
from snippets.seeded import normal
from snippets.training import train


# --8<-- [start:spirals]
def spirals(count):
    """An arm with the radius 2t and the angle 2πt, 0 < t < 1, and the same arm after half a turn.

    Returns x of shape (count, 2) and labels of shape (count,): the first half 0, the second 1.
    """
    t = (np.arange(count // 2) + 0.5) / (count // 2)
    arm = 2 * t * np.stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)])
    return np.concatenate([arm.T, -arm.T]), np.repeat([0, 1], count // 2)
# --8<-- [end:spirals]


# --8<-- [start:draw_weights]
def draw_weights(net, seeds):
    """Draw a net's weights anew, layer after layer, from N(0, 2 / inputs): He et al. 2015, eq. 10."""
    for s, seed in enumerate(seeds):
        weights = [layer.weight.data[s] for layer in [*net.layers, net.readout]]
        draws = torch.from_numpy(normal(seed, sum(W.numel() for W in weights)))
        for W, part in zip(weights, draws.split([W.numel() for W in weights]), strict=True):
            W[:] = (2 / W.shape[1]) ** 0.5 * part.view(W.shape)
# --8<-- [end:draw_weights]


# --8<-- [start:losses]
def losses(kind, count, width, depth, seeds, learning_rate, momentum, updates):
    """The loss of every seed before each update and after the last, (updates + 1, seeds).

    Every update is by all points. The branches of a "residual" net have the scale 1/√depth, so that they add
    up to the same variance at any depth.
    """
    unseeded = [torch.Generator() for _ in seeds]  # all weights are drawn anew, and each batch is all points
    sizes = 2, width, 2, depth, "relu", lambda inputs, outputs: 2 / inputs, unseeded
    net = (Plain(*sizes) if kind == "plain" else Residual(*sizes, scale=depth**-0.5)).double()
    draw_weights(net, seeds)
    optimiser = torch.optim.SGD(net.parameters(), learning_rate, momentum)
    x, labels = (torch.from_numpy(part).expand(len(seeds), *part.shape) for part in spirals(count))
    return train(net, optimiser, x, labels, unseeded, updates + 1, count)
# --8<-- [end:losses]
