"""He et al.'s convolutional nets of 6n + 2 layers, of any width and for images of any size.

Source: He et al. 2015, "Deep residual learning for image recognition", §4.2.
"""

import torch
from torch import nn

from snippets.residual_blocks import Block, Conv3x3


# --8<-- [start:depth]
def blocks_per_stage(depth):
    """n where depth = 6n + 2: three stages of n blocks of two layers, one layer before and one after.

    Raises:
        ValueError: the depth is not 6n + 2 with n ≥ 1; the message says the nearest ones.
    """
    n, rest = divmod(depth - 2, 6)
    if rest or n < 1:
        nearest = f"{6 * n + 2} and {6 * n + 8}" if n >= 1 else "8"
        raise ValueError(f"a depth of {depth} is not 6n + 2 with n ≥ 1: the nearest is {nearest}")
    return n


# --8<-- [end:depth]


# --8<-- [start:convnet]
class ConvNet(nn.Module):
    """conv – 3 stages of n blocks – mean over pixels – linear; stages 2 and 3 halve the image.

    Logits (batch, classes) from x (batch, channels, h, w). Plain and residual nets that draw from equal
    generators begin with equal weights: N(0, 2 / (9 · width)) for convolutions, He et al. 2015, "Delving deep into rectifiers", eq. 14.
    """

    def __init__(self, depth, widths, channels, classes, residual, generator, block=Block):
        super().__init__()
        n = blocks_per_stage(depth)
        preactivated = block is not Block
        self.conv = Conv3x3(channels, widths[0])
        shapes = [(w, w, 1) for w in widths for _ in range(n)]
        for stage in (1, 2):
            shapes[stage * n] = (widths[stage - 1], widths[stage], 2)
        self.blocks = nn.ModuleList(block(*shape, residual) for shape in shapes)
        self.bn = nn.BatchNorm2d(widths[-1] if preactivated else widths[0])
        self.linear = nn.Linear(widths[-1], classes)
        first, last = nn.Identity(), nn.Sequential(self.bn, nn.ReLU())
        self.before, self.after = (first, last) if preactivated else (last, first)
        initialise(self, generator)

    def forward(self, x):
        x = self.before(self.conv(x))
        for block in self.blocks:
            x = block(x)
        return self.linear(self.after(x).mean((2, 3)))


# --8<-- [end:convnet]


def initialise(net, generator):
    """Convolutions' weights from N(0, 2 / fan-out), the linear layer's from N(0, 1 / inputs); bias 0."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    nn.init.kaiming_normal_(net.linear.weight, nonlinearity="linear", generator=generator)
    nn.init.zeros_(net.linear.bias)
