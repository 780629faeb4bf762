"""He et al. 2015, §4.2: 6n + 2 layers on small images, with and without shortcuts, trained by SGD with momentum."""

import math
import random

import torch
import torch.nn.functional as F


def widths_and_strides(depth, widths=(8, 16, 32)):
    """Each 3×3 layer's input width, output width and stride: one layer, then three stages of 2n; the linear one is the last."""
    n = (depth - 2) // 6
    assert depth == 6 * n + 2
    layers, before = [(1, widths[0], 1)], widths[0]
    for stage, width in enumerate(widths):
        for layer in range(2 * n):
            layers.append((before, width, 2 if stage and layer == 0 else 1))
            before = width
    return layers


def parameters(depth, seed, classes=10):
    """Convolutions from N(0, 2 / (9 · outputs)), BN's γ = 1 and β = 0, the linear layer from N(0, 1 / inputs)."""
    generator = torch.Generator().manual_seed(seed)
    made = []
    for inputs, outputs, _ in widths_and_strides(depth):
        deviation = math.sqrt(2 / (9 * outputs))
        made += [deviation * torch.randn(outputs, inputs, 3, 3, generator=generator), torch.ones(outputs), torch.zeros(outputs)]
    last = widths_and_strides(depth)[-1][1]
    made += [torch.randn(classes, last, generator=generator) / math.sqrt(last), torch.zeros(classes)]
    return [w.requires_grad_() for w in made]


def normalised(x, gamma, beta, statistics, momentum=0.1):
    """BN: by the batch's mean and variance, or by fixed ones; `statistics` collects what evaluation uses later."""
    if statistics["training"]:
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        count = x.numel() / x.shape[1]
        seen = statistics["seen"].setdefault(statistics["at"], [torch.zeros_like(mean), torch.ones_like(variance)])
        with torch.no_grad():
            seen[0] += momentum * (mean - seen[0])
            seen[1] += momentum * (variance * count / (count - 1) - seen[1])
    else:
        mean, variance = statistics["seen"][statistics["at"]]
    statistics["at"] += 1
    shape = (1, -1, 1, 1)
    return gamma.view(shape) * (x - mean.view(shape)) / (variance.view(shape) + 1e-5).sqrt() + beta.view(shape)


def logits(weights, x, depth, residual, statistics):
    """The net, layer by layer; option A's shortcut takes every second pixel and pads channels with zeros."""
    statistics["at"] = 0
    layers = widths_and_strides(depth)
    filters, gammas, betas = weights[0:-2:3], weights[1:-2:3], weights[2:-2:3]

    def layer(i, x):
        return normalised(F.conv2d(x, filters[i], None, layers[i][2], 1), gammas[i], betas[i], statistics)

    x = layer(0, x).clamp(min=0)
    for first in range(1, len(layers), 2):
        y = layer(first + 1, layer(first, x).clamp(min=0))
        if residual:
            shortcut = x if y.shape == x.shape else torch.cat([x[:, :, ::2, ::2], torch.zeros(len(x), y.shape[1] - x.shape[1], *y.shape[2:], dtype=x.dtype)], 1)
            y = y + shortcut
        x = y.clamp(min=0)
    return x.mean((2, 3)) @ weights[-2].T + weights[-1]


def cross_entropy(z, labels):
    return (z.logsumexp(1) - z[torch.arange(len(z)), labels]).mean()


def train(weights, x, labels, depth, residual, batches, steps, rate=0.05):
    """SGD with momentum 0.9 and weight decay 1e-4, the rate along a cosine. Returns the losses of each step, and BN's statistics."""
    velocity = [torch.zeros_like(w) for w in weights]
    statistics, losses = {"training": True, "seen": {}, "at": 0}, []
    for step, batch in zip(range(steps), batches, strict=False):
        loss = cross_entropy(logits(weights, x[batch], depth, residual, statistics), labels[batch])
        gradients = torch.autograd.grad(loss, weights)
        eta = rate * (1 + math.cos(math.pi * step / steps)) / 2
        with torch.no_grad():
            for w, v, g in zip(weights, velocity, gradients, strict=True):
                v.mul_(0.9).add_(g + 1e-4 * w)
                w -= eta * v
        losses.append(loss.item())
    return losses, statistics


def shuffled(count, batch, epochs, seed):
    """Minibatches of shuffled numbers, epoch after epoch."""
    order = random.Random(seed)
    for _ in range(epochs):
        numbers = order.sample(range(count), count)
        yield from (torch.tensor(numbers[i : i + batch]) for i in range(0, count - batch + 1, batch))
