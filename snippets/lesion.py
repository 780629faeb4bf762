"""Deleting layers of a trained net, and how large its branches are beside their shortcuts.

Source: Veit, Wilber & Belongie 2016, "Residual Networks Behave Like Ensembles…", §4.1 and §4.2.
"""

from copy import deepcopy

import torch


# --8<-- [start:delete]
def delete(net, blocks):
    """A copy of a `Plain` or `Residual` net without the given blocks, 1 … L − 1: what entered one enters the next.

    Layer 0 stays: it maps the input's width to the net's.

    Raises:
        ValueError: a block that the net does not have.
    """
    if not set(blocks) <= set(range(1, len(net.layers))):
        raise ValueError(f"blocks run from 1 to {len(net.layers) - 1}, not {sorted(blocks)}")
    copy = deepcopy(net)
    for block in sorted(blocks, reverse=True):
        del copy.layers[block]
    return copy
# --8<-- [end:delete]


def of_seed(net, place):
    """A copy of the net of one seed, the `place`-th, so that blocks of its own can be deleted."""
    copy = deepcopy(net)
    for parameter in copy.parameters():
        parameter.data = parameter.data[place : place + 1].clone()
    return copy


# --8<-- [start:branch_ratios]
def branch_ratios(net, x):
    """‖F(z)‖ / ‖z‖ of every block of a `Residual` net, averaged over x (seeds, batch, inputs): (seeds, blocks)."""
    ratios = []
    with torch.no_grad():
        z = net.layers[0](x)
        for layer in net.layers[1:]:
            F = net.scale * net.branch(layer, z)
            ratios.append((F.norm(dim=-1) / z.norm(dim=-1)).mean(1))
            z = z + F
    return torch.stack(ratios, dim=1)
# --8<-- [end:branch_ratios]
