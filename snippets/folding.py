"""BatchNorm with fixed statistics is affine: it folds into the convolution before it, once for a whole plane.

Source: Jacob et al. 2018, "Quantization and training of neural networks…", §3.2, eq. 14.
"""

import copy

import torch
from torch import nn


# --8<-- [start:fold]
def fold(w, bn):
    """BN(w ∗ x) = (s · w) ∗ x + shift, filter by filter: s = γ/√(σ² + ε), shift = β − s μ.

    Returns s · w and shift; w is (outputs, inputs, 3, 3). s · w is linear in w: a direction in the weights is
    folded by the same s.
    """
    s = bn.weight / (bn.running_var + bn.eps).sqrt()
    return w * s.view(-1, 1, 1, 1), bn.bias - s * bn.running_mean


# --8<-- [end:fold]


# --8<-- [start:folded]
def folded(net, directions):
    """A copy of a `ConvNet` in eval mode with its BN in the convolutions, and the directions folded.

    The blocks are those of 2015, where BN follows a convolution.
    """
    net = copy.deepcopy(net)
    layers = [(net.conv, net.bn)]
    for block in net.blocks:
        layers += [(block.conv1, block.bn1), (block.conv2, block.bn2)]
        block.bn1 = block.bn2 = nn.Identity()
    net.bn = net.before[0] = nn.Identity()
    with torch.no_grad():
        directions = [
            [fold(d, bn)[0] for d, (_, bn) in zip(direction[:-1], layers, strict=True)] + direction[-1:]
            for direction in directions
        ]
        for conv, bn in layers:
            conv.weight.data, shift = fold(conv.weight, bn)
            conv.bias = nn.Parameter(shift)
    return net, directions


# --8<-- [end:folded]
