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
    """A plain net: `depth` layers aₗ = φ(Wₗ aₗ₋₁ + bₗ), then a linear layer to the classes."""

    def __init__(self, inputs, width, classes, depth, activation, variance, seeds):
        super().__init__()
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
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
