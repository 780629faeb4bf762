"""The loss around a trained net, on planes through it.

Source: Li et al. 2018, "Visualizing the loss landscape of neural nets", §4 (directions), §6 (convexity).
"""

import copy

import numpy as np
import torch
from torch import nn

from snippets.side_by_side import SideBySide
from snippets.training import seed_losses


def planar(net):
    """The parameters that a plane varies: filters and matrices. Biases and BatchNorm's stay fixed."""
    return [w for w in net.parameters() if w.dim() > 1]


# --8<-- [start:direction]
def filter_normalised(w, generator):
    """A Gaussian direction d with the shape of w, scaled filter by filter: d ← d · ‖w‖ / ‖d‖.

    A filter is w[i], what makes one output channel (or one output of a linear layer).
    """
    d = torch.randn(w.shape, generator=generator)
    return d * (w.detach().flatten(1).norm(dim=1) / d.flatten(1).norm(dim=1)).view(-1, *[1] * (w.dim() - 1))


# --8<-- [end:direction]


def plane(net, generator):
    """Two filter-normalised directions, each a list of tensors, one for each of `planar(net)`."""
    return [[filter_normalised(w, generator) for w in planar(net)] for _ in range(2)]


def cosine(direction, weights):
    """The cosine of the angle between two lists of tensors, each taken as one long vector."""
    d, w = (torch.cat([part.detach().flatten() for part in parts]) for parts in (direction, weights))
    return torch.dot(d, w).item() / (d.norm() * w.norm()).item()


# --8<-- [start:surface]
def surface(net, directions, alphas, betas, x, labels, abreast=1):
    """E(w + α d₁ + β d₂) for each α and β: an array (alphas, betas).

    Of a `ConvNet`, `abreast` points may be computed at a time, side by side.
    """
    copies = [copy.deepcopy(net) for _ in range(abreast)]
    nets = SideBySide(copies) if abreast > 1 else copies[0]
    images = x.expand(abreast, *x.shape) if abreast > 1 else x
    planes = [torch.stack(parts).flatten(1) for parts in zip(planar(net), *directions, strict=True)]
    points = torch.tensor([(1, alpha, beta) for alpha in alphas for beta in betas]).to(x.dtype)
    labels, losses = labels.expand(abreast, -1), []
    for start in range(0, len(points), abreast):
        # The last points are filled up with the last one.
        some = points[torch.arange(start, start + abreast).clamp(max=len(points) - 1)]
        with torch.no_grad():
            for w, plane_of_w in zip(planar(nets), planes, strict=True):
                torch.mm(some, plane_of_w, out=w.data.view(abreast, -1))
            losses.append(seed_losses(nets(images).view(abreast, len(x), -1), labels))
    return torch.cat(losses)[: len(points)].view(len(alphas), len(betas)).numpy()


# --8<-- [end:surface]


def with_batch_statistics(net):
    """A copy of the net whose BatchNorm takes the statistics of whatever it is given, in either mode."""
    net = copy.deepcopy(net)
    for bn in net.modules():
        if isinstance(bn, nn.BatchNorm2d):
            bn.running_mean = bn.running_var = None
            bn.track_running_stats = False
    return net


# --8<-- [start:minima]
def local_minima(losses):
    """How many inner points of the grid lie below all of their eight neighbours."""
    inner, (rows, columns) = losses[1:-1, 1:-1], losses.shape
    around = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    return int(
        np.all([inner < losses[i : i + rows - 2, j : j + columns - 2] for i, j in around], axis=0).sum()
    )


# --8<-- [end:minima]


# --8<-- [start:curvature]
def slice_eigenvalues(losses, step):
    """λmin and λmax of the slice's 2×2 Hessian at the inner points of the grid, by second differences."""
    E = losses.astype(float)
    aa = (E[2:, 1:-1] - 2 * E[1:-1, 1:-1] + E[:-2, 1:-1]) / step**2
    bb = (E[1:-1, 2:] - 2 * E[1:-1, 1:-1] + E[1:-1, :-2]) / step**2
    ab = (E[2:, 2:] - E[2:, :-2] - E[:-2, 2:] + E[:-2, :-2]) / (4 * step**2)
    mean, radius = (aa + bb) / 2, np.hypot((aa - bb) / 2, ab)
    return mean - radius, mean + radius


def nonconvex_share(losses, step, threshold):
    """The share of inner points with λmin < −threshold · |λmax|."""
    smallest, largest = slice_eigenvalues(losses, step)
    return float(np.mean(smallest < -threshold * np.abs(largest)))


# --8<-- [end:curvature]
