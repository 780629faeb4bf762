"""Asking stacks of two-layer blocks to be the identity, H(x) = x: by training, and by construction.

Source: He et al. 2016, "Deep Residual Learning for Image Recognition" (arXiv 2015), §3.1.
"""

import torch
from torch import nn

from snippets.networks import ACTIVATION, Linear


# --8<-- [start:stack]
class Stack(nn.Module):
    """`depth` blocks x ← F(x), or x ← x + α F(x) if `shortcut`, with F(x) = W₂ φ(W₁ x + b₁) + b₂ and α = `scale`.

    x is (seeds, batch, n); W₁ is (seeds, width, n) and W₂ (seeds, n, width). The initial weights are the same with
    the shortcut and without; each F keeps the variance of what enters it.
    """

    def __init__(self, n, width, depth, activation, shortcut, generators, scale=1.0):
        super().__init__()
        gain = 2 if activation == "relu" else 1
        self.inner = nn.ModuleList(Linear(n, width, 1 / n, generators) for _ in range(depth))
        self.outer = nn.ModuleList(Linear(width, n, gain / width, generators) for _ in range(depth))
        self.activation, self.shortcut, self.scale = ACTIVATION[activation], shortcut, scale

    def forward(self, x):
        for inner, outer in zip(self.inner, self.outer, strict=True):
            F = outer(self.activation(inner(x)))
            x = x + self.scale * F if self.shortcut else F
        return x
# --8<-- [end:stack]


# --8<-- [start:construct]
def make_identity(stack):
    """Set a plain ReLU stack of width 2n or more to the identity, exactly: x = ReLU(x) − ReLU(−x) in each block."""
    with torch.no_grad():
        for inner, outer in zip(stack.inner, stack.outer, strict=True):
            I = torch.eye(inner.weight.shape[2])
            for parameter in (inner.weight, inner.bias, outer.weight, outer.bias):
                parameter.zero_()
            inner.weight[:, : 2 * len(I)] = torch.cat([I, -I])
            outer.weight[:, :, : 2 * len(I)] = torch.cat([I, -I], dim=1)
    return stack
# --8<-- [end:construct]


# --8<-- [start:fit]
def fit_identity(stack, n, generators, steps, batch, learning_rate):
    """Adam on the mean squared error of fresh Gaussian inputs, which each seed draws by its own generator.

    Returns each seed's final error on 4096 others.
    """
    optimiser = torch.optim.Adam(stack.parameters(), lr=learning_rate, fused=True)

    def inputs(count):
        return torch.stack([torch.randn(count, n, generator=generator) for generator in generators])

    for _ in range(steps):
        x = inputs(batch)
        optimiser.zero_grad()
        ((stack(x) - x) ** 2).mean((1, 2)).sum().backward()
        optimiser.step()
    x = inputs(4096)
    with torch.no_grad():
        return ((stack(x) - x) ** 2).mean((1, 2))
# --8<-- [end:fit]
