"""Side by side in one run: landscape points and training against a straightforward loop of the same net.

One thread. The share is of the core's own matrix-multiplication peak, measured in the same run; operations are
counted as written: those of the convolutions' 3×3 windows and of the linear layer.
"""

import copy
import time

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from snippets.convnet_training import train
from snippets.convnets import ConvNet
from snippets.digits import digits
from snippets.folding import FoldedNet
from snippets.loss_landscape import planar, plane, surface
from snippets.residual_blocks import Conv3x3

DEPTH, WIDTHS, IMAGES, GRID, ROUNDS = 32, (8, 16, 32), 128, np.linspace(-0.5, 0.5, 7), 3


def best(run):
    """Seconds of the quickest of a few runs, and what the last one returned."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - started)
    return min(seconds), result


def matrix_peak(size=1024, repeats=20):
    """FLOP/s of single-precision products of square matrices."""
    a = torch.randn(size, size)
    return 2 * size**3 * repeats / best(lambda: [a @ a for _ in range(repeats)])[0]


def flops(net, x):
    """Of one forward pass: twice the multiplications of every convolution and of the linear layer."""
    counted = []

    def count(module, inputs, output):
        per_output = module.weight[0].numel()
        counted.append(2 * output.numel() * per_output)

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    net(x)
    for hook in hooks:
        hook.remove()
    return sum(counted)


@torch.no_grad()
def straightforward_surface(net, directions, x, labels):
    """Every point by itself: the weights are written, the net is asked."""
    weights = [w.clone() for w in planar(net)]
    losses = np.empty((len(GRID), len(GRID)))
    for i, alpha in enumerate(GRID):
        for j, beta in enumerate(GRID):
            for p, w, d1, d2 in zip(planar(net), weights, *directions, strict=True):
                p.copy_(w + alpha * d1 + beta * d2)
            losses[i, j] = cross_entropy(net(x), labels).item()
    return losses


def with_library_convolutions(net):
    """A copy of the net in which every convolution is PyTorch's own."""
    net = copy.deepcopy(net)
    for module in net.modules():
        if isinstance(module, Conv3x3):
            module.__class__ = nn.Conv2d
    return net


def compare(kind, net, x, labels, peak):
    """Two rows for the landscape and two for training.

    Raises:
        SystemExit: the losses differ by more than 1e-5 of their size.
    """
    train(net, x, labels, 0, 1, 128, 0.05)
    net.eval()
    images, directions, folded = (x[:IMAGES], labels[:IMAGES]), plane(net, 0), FoldedNet(net, 8)
    forward, library = flops(net, x[:IMAGES]), with_library_convolutions(net)
    fold = folded.fold_directions(directions)
    slow, expected = best(lambda: straightforward_surface(copy.deepcopy(library), directions, *images))
    fast, losses = best(lambda: surface(copy.deepcopy(folded), fold, GRID, GRID, *images))
    error = np.max(np.abs(losses / expected - 1))
    if error > 1e-5:
        raise SystemExit(
            f"{kind}: the folded net's losses differ from the loop's by {error:.1e} of their size"
        )
    points, count = GRID.size**2, len(x) // 128 * 128
    for name, seconds in (("loop", slow), ("folded", fast)):
        row(f"{kind}, {name}", points / seconds, "points", slow / seconds, points * forward / seconds / peak)
    print(f"{'':28}the same losses to {error:.1e}; {points * IMAGES / fast:.0f} images/s")
    slow, fast = (
        best(lambda source=source: train(copy.deepcopy(source), x, labels, 0, 1, 128, 0.05))[0]
        for source in (library, net)
    )
    for name, seconds in (("loop", slow), ("matrix", fast)):
        # A backward pass costs two forward ones.
        share = 3 * forward / IMAGES * count / seconds / peak
        row(f"{kind}, training, {name}", count / seconds, "images", slow / seconds, share)


def row(name, rate, unit, times, share):
    print(f"{name:28}{rate:>10.1f} {unit}/s{times:>8.2f} ×{share:>7.0%} of the peak")


def main():
    torch.set_num_threads(1)
    x, labels = (torch.from_numpy(array) for array in digits()[:2])
    x, peak = x.view(-1, 1, 8, 8), matrix_peak()
    print(f"matrix products of 1024 × 1024: {peak / 1e9:.1f} GFLOP/s on one thread; nets of {DEPTH} layers")
    for kind in ("plain", "residual"):
        compare(kind, ConvNet(DEPTH, WIDTHS, 1, 10, kind == "residual", 0), x, labels, peak)


if __name__ == "__main__":
    main()
