"""Balduzzi et al. 2017, §3: gradients at different inputs of random ReLU nets, by automatic differentiation, pair by pair."""

import torch


def gradients(x, weights, readout, residual, normalise):
    """∂(readout · a_L)/∂x at every input of the batch; BN's statistics are those of the batch, held constant."""
    a = x.clone().requires_grad_()
    layer = a
    for W in weights:
        z = layer
        if normalise:
            mean, deviation = layer.detach().mean(0), layer.detach().std(0, unbiased=False)
            z = (layer - mean) / deviation
        branch = z.clamp(min=0) @ W.T
        layer = layer + branch if residual else branch
    (found,) = torch.autograd.grad((layer @ readout).sum(), a)
    return found


def correlation(g):
    """The mean of gᵢ·gⱼ over pairs of distinct inputs, over the mean of gᵢ·gᵢ."""
    count = len(g)
    pairs = [torch.dot(g[i], g[j]).item() for i in range(count) for j in range(count) if i != j]
    own = [torch.dot(g[i], g[i]).item() for i in range(count)]
    return (sum(pairs) / len(pairs)) / (sum(own) / len(own))
