"""Small nets with and without shortcuts, with and without BN, stopped at the same training loss."""

import copy
from itertools import pairwise

import torch
from torch import nn
from torch.func import functional_call, vmap
from torch.nn.functional import batch_norm, cross_entropy, relu

from snippets.training import batches


# --8<-- [start:net]
class Mlp(nn.Module):
    """z₁ = W₁ x + b₁, zₗ = s zₗ₋₁ + α (Wₗ ReLU(N(zₗ₋₁)) + bₗ), then a linear layer behind ReLU(N(z)).

    Plain: s = 0, α = 1. Residual: s = 1. N is BN by the batch at hand if `normalise`, else the identity.
    Weights by He, the same for every kind. Logits (batch, classes) from x (batch, inputs).
    """

    def __init__(self, inputs, width, classes, depth, shortcut, scale, normalise, generator):
        super().__init__()
        sizes = [inputs, *[width] * depth, classes]
        self.layers = nn.ModuleList(nn.Linear(n, m) for n, m in pairwise(sizes))
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            nn.init.zeros_(layer.bias)
        self.shortcut, self.scale, self.normalise = shortcut, scale, normalise

    def forward(self, x):
        first, *middle, last = self.layers
        z = first(x)
        for layer in middle:
            z = self.shortcut * z + self.scale * layer(self.active(z))
        return last(self.active(z))

    def active(self, z):
        return relu(batch_norm(z, None, None, training=True) if self.normalise else z)


# --8<-- [end:net]


# --8<-- [start:absorbed]
def absorbed(net):
    """The same function with α in the weights: W ← αW and b ← αb in every branch, α ← 1."""
    twin = copy.deepcopy(net)
    for layer in twin.layers[1:-1]:
        layer.weight.data *= net.scale
        layer.bias.data *= net.scale
    twin.scale = 1.0
    return twin


# --8<-- [end:absorbed]


# --8<-- [start:train_until]
def train_until(net, target, learning_rate, x, labels, generator, updates, batch, limit, every):
    """SGD with momentum 0.9, clipped at norm `limit`, until the loss of all x (count, inputs) is ≤ `target`.

    The loss is taken after every `every` updates. Returns the count, None if `updates` did not do.
    """
    optimiser = torch.optim.SGD(net.parameters(), lr=learning_rate, momentum=0.9)
    steps = 0
    for _ in range(updates // (len(x) // batch)):
        for (index,) in batches(len(x), batch, [generator]):
            optimiser.zero_grad()
            cross_entropy(net(x[index]), labels[index]).backward()
            nn.utils.clip_grad_norm_(net.parameters(), limit)
            optimiser.step()
            steps += 1
            if steps % every == 0:
                with torch.no_grad():
                    if cross_entropy(net(x), labels) <= target:
                        return steps
    return None


# --8<-- [end:train_until]


# --8<-- [start:losses]
def losses_on_plane(net, directions, alphas, betas, x, labels):
    """E(w + α d₁ + β d₂) for each α and β, (alphas, betas); biases stay. A row of points is computed side by side."""
    parameters = dict(net.named_parameters())
    moved = [name for name, w in parameters.items() if w.dim() > 1]

    def loss(alpha, beta):
        at = {n: parameters[n] + alpha * a + beta * b for n, a, b in zip(moved, *directions, strict=True)}
        return cross_entropy(functional_call(net, at, (x,)), labels)

    betas = torch.tensor(betas, dtype=x.dtype)
    with torch.no_grad():
        return torch.stack([vmap(loss, (None, 0))(float(alpha), betas) for alpha in alphas]).numpy()


# --8<-- [end:losses]
