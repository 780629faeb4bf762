"""Blocks of two 3×3 convolutions, with the shortcut and without: y = φ(F(x) + x) and y = φ(F(x)).

Sources: He et al. 2015, "Deep residual learning for image recognition", eq. 1 (the block), §4.2 (option A);
He et al. 2016, "Identity mappings in deep residual networks", eq. 1 and fig. 1b (pre-activation).
"""

from torch import nn
from torch.nn.functional import pad, relu


# --8<-- [start:shortcut]
def shortcut_a(x, width, stride, nets=1):
    """Option A, without parameters: every `stride`-th pixel, and zeros for the channels that x lacks.

    (batch, inputs, h, w) to (batch, width, ⌈h/stride⌉, ⌈w/stride⌉), width ≥ inputs; the identity where shapes
    match. The channels may be those of several nets, one net after the other.
    """
    if stride == 1 and x.shape[1] == nets * width:
        return x
    x = x[:, :, ::stride, ::stride].unflatten(1, (nets, -1))
    return pad(x, (0, 0, 0, 0, 0, width - x.shape[2])).flatten(1, 2)


# --8<-- [end:shortcut]


class Conv3x3(nn.Conv2d):
    """A 3×3 convolution with padding 1 and without bias, for BatchNorm subtracts it again."""

    def __init__(self, inputs, width, stride=1):
        super().__init__(inputs, width, 3, stride, padding=1, bias=False)


# --8<-- [start:block]
class Block(nn.Module):
    """The block of 2015: y = ReLU(F(x) + shortcut(x)), F = BN ∘ conv ∘ ReLU ∘ BN ∘ conv.

    The plain one is y = ReLU(F(x)), the same in all else.
    """

    def __init__(self, inputs, width, stride, residual):
        super().__init__()
        self.conv1, self.bn1 = Conv3x3(inputs, width, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = Conv3x3(width, width), nn.BatchNorm2d(width)
        self.width, self.stride, self.residual = width, stride, residual

    def branch(self, x):
        """F(x), of shape (batch, width, ⌈h/stride⌉, ⌈w/stride⌉)."""
        return self.bn2(self.conv2(relu(self.bn1(self.conv1(x)))))

    def forward(self, x):
        F = self.branch(x)
        return relu(F + shortcut_a(x, self.width, self.stride, self.conv1.groups) if self.residual else F)


# --8<-- [end:block]


# --8<-- [start:preactivation]
class PreActivationBlock(nn.Module):
    """The block of 2016: y = F(x) + shortcut(x), F = conv ∘ ReLU ∘ BN ∘ conv ∘ ReLU ∘ BN.

    Nothing stands in the shortcut's way, unlike the ReLU of 2015.
    """

    def __init__(self, inputs, width, stride, residual):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), Conv3x3(inputs, width, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), Conv3x3(width, width)
        self.width, self.stride, self.residual = width, stride, residual

    def branch(self, x):
        """F(x), of shape (batch, width, ⌈h/stride⌉, ⌈w/stride⌉)."""
        return self.conv2(relu(self.bn2(self.conv1(relu(self.bn1(x))))))

    def forward(self, x):
        F = self.branch(x)
        return F + shortcut_a(x, self.width, self.stride, self.conv1.groups) if self.residual else F


# --8<-- [end:preactivation]
