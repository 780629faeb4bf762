"""Networks in PyTorch. Several seeds are trained side by side: the first axis of every tensor runs over the seeds."""

import torch
from torch import nn

ACTIVATION = {"sigmoid": torch.sigmoid, "relu": torch.relu, "tanh": torch.tanh}


# --8<-- [start:linear]
class Linear(nn.Module):
    """y = W x + b for every seed: W is (seeds, outputs, inputs), x is (seeds, batch, inputs).

    Seed s draws W from N(0, variance) by a generator of its own, so that it does not depend on how many are trained.
    """

    def __init__(self, inputs, outputs, variance, generators):
        super().__init__()
        draws = [torch.randn(outputs, inputs, generator=generator) for generator in generators]
        self.weight = nn.Parameter(variance**0.5 * torch.stack(draws))
        self.bias = nn.Parameter(torch.zeros(len(draws), 1, outputs))

    def forward(self, x):
        return torch.baddbmm(self.bias, x, self.weight.mT)
# --8<-- [end:linear]


# --8<-- [start:plain]
class Plain(nn.Module):
    """A plain net: `depth` layers aₗ = φ(Wₗ aₗ₋₁ + bₗ), then a linear layer to the classes; a generator for each seed."""

    def __init__(self, inputs, width, classes, depth, activation, variance, generators):
        super().__init__()
        sizes = [inputs] + [width] * depth
        self.layers = nn.ModuleList(
            Linear(n, m, variance(n, m), generators) for n, m in zip(sizes[:-1], sizes[1:], strict=True)
        )
        self.readout = Linear(width, classes, variance(width, classes), generators)
        self.activation = ACTIVATION[activation]

    def forward(self, x):
        """Logits of shape (seeds, batch, classes) from x of shape (seeds, batch, inputs)."""
        for layer in self.layers:
            x = self.activation(layer(x))
        return self.readout(x)
# --8<-- [end:plain]


# --8<-- [start:residual]
class Residual(Plain):
    """The residual twin of `Plain`: zₗ = zₗ₋₁ + α (Wₗ φ(zₗ₋₁) + bₗ) for l ≥ 2, with α = `scale`.

    `Plain` written by its pre-activations is zₗ = Wₗ φ(zₗ₋₁) + bₗ: the two share everything, initial weights too,
    but the shortcut and α. Pre-activation blocks, He et al. 2016, "Identity Mappings…", fig. 1b.
    """

    def __init__(self, inputs, width, classes, depth, activation, variance, generators, scale=1.0):
        super().__init__(inputs, width, classes, depth, activation, variance, generators)
        self.scale = scale

    def branch(self, layer, z):
        return layer(self.activation(z))

    def forward(self, x):
        """Logits of shape (seeds, batch, classes) from x of shape (seeds, batch, inputs)."""
        z = self.layers[0](x)
        for layer in self.layers[1:]:
            z = torch.add(z, self.branch(layer, z), alpha=self.scale)
        return self.readout(self.activation(z))
# --8<-- [end:residual]


# --8<-- [start:cures]
class NormalisedResidual(Residual):
    """zₗ = zₗ₋₁ + Wₗ φ(BN(zₗ₋₁)) + bₗ, BN by the batch at hand, without learnt scale and shift."""

    def branch(self, layer, z):
        return layer(self.activation(batch_norm(z)))


def batch_norm(z, epsilon=1e-5):
    """(z − mean) / deviation of every feature over the batch; z is (seeds, batch, features). Ioffe & Szegedy 2015."""
    variance, mean = torch.var_mean(z, dim=1, keepdim=True, correction=0)
    return (z - mean) * (variance + epsilon).rsqrt()


def zero_branches(net):
    """Set the last (here the only) layer of every branch to 0: each block begins as the identity.

    A part of Fixup, Zhang et al. 2019, "Fixup Initialization…", §3.
    """
    for layer in net.layers[1:]:
        nn.init.zeros_(layer.weight)
    return net


class ReZero(Residual):
    """Every block learns its own α, 0 at first.

    De & Smith 2020, "Batch Normalization Biases Residual Blocks…" (SkipInit); Bachlechner et al. 2020, "ReZero is All You Need", eq. 1.
    """

    def __init__(self, inputs, width, classes, depth, activation, variance, generators):
        super().__init__(inputs, width, classes, depth, activation, variance, generators)
        self.scales = nn.ParameterList(nn.Parameter(torch.zeros(len(generators), 1, 1)) for _ in self.layers[1:])

    def forward(self, x):
        z = self.layers[0](x)
        for layer, scale in zip(self.layers[1:], self.scales, strict=True):
            z = torch.addcmul(z, scale, self.branch(layer, z))
        return self.readout(self.activation(z))
# --8<-- [end:cures]
