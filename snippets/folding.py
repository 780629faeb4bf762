"""BatchNorm with fixed statistics is affine: it folds into the convolution before it, once for a whole plane.

Source: Jacob et al. 2018, "Quantization and training of neural networks…", §3.2, eq. 14.
"""

import copy

from torch import nn
from torch.nn.functional import conv2d, linear

from snippets.residual_blocks import shortcut_a, tiny_matrix


# --8<-- [start:fold]
def fold(w, bn):
    """BN(w ∗ x) = (s · w) ∗ x + shift, filter by filter: s = γ/√(σ² + ε), shift = β − s μ. Returns s · w, shift.

    w is (outputs, inputs, 3, 3). s · w is linear in w: a direction in the weights is folded by the same s.
    """
    s = bn.weight / (bn.running_var + bn.eps).sqrt()
    return w * s.view(-1, 1, 1, 1), bn.bias - s * bn.running_mean


# --8<-- [end:fold]


class FoldedConv(nn.Module):
    """A convolution with its BN folded in; on 2×2 images it is kept as the matrix that it is there."""

    def __init__(self, conv, bn, tiny):
        super().__init__()
        self.bn, self.tiny, self.stride = [bn], tiny, conv.stride
        weight, shift = fold(conv.weight.detach(), bn)
        self.weight = nn.Parameter(tiny_matrix(weight) if tiny else weight, requires_grad=False)
        self.register_buffer("shift", (shift.repeat_interleave(4) if tiny else shift).detach())

    def folded_direction(self, d):
        """The direction in this layer's weight that corresponds to d in the convolution's."""
        d = fold(d, self.bn[0])[0].detach()
        return tiny_matrix(d) if self.tiny else d

    def forward(self, x):
        if self.tiny:
            return linear(x.flatten(1), self.weight, self.shift).view(len(x), -1, 2, 2)
        return conv2d(x, self.weight, self.shift, self.stride, padding=1)


class FoldedNet(nn.Module):
    """A ConvNet of 2015 blocks in eval mode, on images of `size` × `size` pixels: the same logits, no BN."""

    def __init__(self, net, size):
        super().__init__()
        self.layers, self.net, self.linear = (
            nn.ModuleList([FoldedConv(net.conv, net.bn, False)]),
            [net],
            copy.deepcopy(net.linear),
        )
        for block in net.blocks:
            size = -(-size // block.stride)
            self.layers.append(FoldedConv(block.conv1, block.bn1, size == 2 and block.stride == 1))
            self.layers.append(FoldedConv(block.conv2, block.bn2, size == 2))

    def forward(self, x):
        x = self.layers[0](x).relu_()
        for block, first, second in zip(
            self.net[0].blocks, self.layers[1::2], self.layers[2::2], strict=True
        ):
            F = second(first(x).relu_())
            x = (F.add_(shortcut_a(x, block.width, block.stride)) if block.residual else F).relu_()
        return self.linear(x.mean((2, 3)))

    def fold_directions(self, directions):
        """`directions` of `loss_landscape.plane(net)`, folded."""
        return [
            [layer.folded_direction(d) for layer, d in zip(self.layers, direction[:-1], strict=True)]
            + [direction[-1]]
            for direction in directions
        ]
