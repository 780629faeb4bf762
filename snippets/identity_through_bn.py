"""Identity blocks behind BatchNorm: a deeper net that computes what a shallower one does.

Source of the argument: He et al. 2015, "Deep residual learning for image recognition", §1.
"""

import copy

import torch
from torch import nn

from snippets.residual_blocks import Block


# --8<-- [start:identity_block]
def identity_block(x, residual):
    """A block that returns its input where that is not negative, as it is behind a ReLU.

    Plain: kernels that copy each channel, and BN with γ = √(σ² + ε) and β = μ undoes itself, μ and σ² being those of
    x, (batch, channels, h, w). Residual: the last BN has γ = β = 0, so that the branch is 0.
    """
    block = Block(x.shape[1], x.shape[1], 1, residual).to(x)
    for conv, bn in ((block.conv1, block.bn1), (block.conv2, block.bn2)):
        nn.init.dirac_(conv.weight)
        bn.running_var[:], bn.running_mean[:] = torch.var_mean(x, (0, 2, 3), correction=0)
        bn.weight.data[:], bn.bias.data[:] = (bn.running_var + bn.eps).sqrt(), bn.running_mean
    if residual:
        nn.init.zeros_(block.bn2.weight)
        nn.init.zeros_(block.bn2.bias)
    return block


# --8<-- [end:identity_block]


# --8<-- [start:deepened]
def deepened(net, extra, x):
    """A copy of a `ConvNet` with `extra` identity blocks at the end of each of its three stages.

    Blocks that change the shape stay where they are: the deeper net has no more of them. The images x are
    those whose statistics the new blocks' BN holds.
    """
    net = copy.deepcopy(net).eval()
    blocks, last = nn.ModuleList(), len(net.blocks) // 3 - 1
    with torch.no_grad():
        a = net.before(net.conv(x))
        for number, block in enumerate(net.blocks):
            a = block(a)
            blocks.append(block)
            if number % (last + 1) == last:
                blocks.extend(identity_block(a, block.residual) for _ in range(extra))
    net.blocks = blocks
    return net.eval()


# --8<-- [end:deepened]


def by_batches(net, x, size, training=True):
    """Logits, `size` images at a time, with BN's statistics of those images as in training, or with its running ones."""
    net = copy.deepcopy(net).train(training)  # a copy: the net's running statistics stay
    with torch.no_grad():
        return torch.cat([net(batch) for batch in x.split(size)])
