"""Nets of one shape computed side by side: alone, small images and few channels leave much of a core idle.

A convolution in groups gives each net its own channels: Krizhevsky et al. 2012, "ImageNet classification with
deep convolutional neural networks", §3.5.
"""

import copy

import torch
from torch import nn


# --8<-- [start:side_by_side]
class SideBySide(nn.Module):
    """`ConvNet`s of one shape: logits (nets, batch, classes) from x (nets, batch, channels, h, w).

    The nets' parameters and running statistics become views of this module's: who trains it trains them.
    """

    def __init__(self, nets):
        super().__init__()
        self.all = copy.deepcopy(nets[0])
        for module, *parts in zip(self.all.modules(), *(net.modules() for net in nets), strict=True):
            tensors = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
            for name, tensor in tensors:
                if tensor.dim():  # a count of batches has none
                    join(tensor, [getattr(part, name) for part in parts])
            if isinstance(module, nn.Conv2d):
                module.groups = len(nets)
        self.linear, self.all.linear = self.all.linear, nn.Identity()

    def forward(self, x):
        channels = x.transpose(0, 1).flatten(1, 2).contiguous(memory_format=torch.channels_last)
        x = self.all(channels).unflatten(1, (len(x), -1)).transpose(0, 1)
        weight, bias = (w.unflatten(0, (len(x), -1)) for w in (self.linear.weight, self.linear.bias))
        return torch.baddbmm(bias.unsqueeze(1), x, weight.mT)


def join(whole, parts):
    """Make `whole` the parts one after the other along the first axis, and each part a view of it."""
    whole.data = torch.cat([part.detach() for part in parts])
    for part, view in zip(parts, whole.data.split(len(parts[0])), strict=True):
        part.data = view


# --8<-- [end:side_by_side]
