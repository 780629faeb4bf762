"""Side by side in one run: landscape points and training against a straightforward loop of the same nets.

One thread, the processor's seconds. The share is of the core's own matrix-multiplication peak, measured in
the same run; operations are counted as written: the convolutions' 3×3 windows and the linear layer.
"""

import copy
import time

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from scripts.measure.loss_landscape import ABREAST
from snippets.convnet_training import train_side_by_side
from snippets.convnets import ConvNet
from snippets.digits import digits
from snippets.folding import folded
from snippets.loss_landscape import planar, plane, surface, with_batch_statistics
from snippets.streams import Streams, streams
from snippets.training import batches

DEPTH, WIDTHS, IMAGES, GRID, ROUNDS = 32, (8, 16, 32), 128, np.linspace(-0.5, 0.5, 8), 3
NETS, BATCH, LEARNING_RATE = 5, 128, 0.05


def best(run):
    """Seconds of the quickest of a few runs, and what the last one returned."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        result = run()
        seconds.append(time.process_time() - started)
    return min(seconds), result


def matrix_peak(size=1024, repeats=20):
    """FLOP/s of single-precision products of square matrices."""
    a = torch.ones(size, size)
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
    net = copy.deepcopy(net)
    weights = [w.clone() for w in planar(net)]
    losses = np.empty((len(GRID), len(GRID)))
    for i, alpha in enumerate(GRID):
        for j, beta in enumerate(GRID):
            for p, w, d1, d2 in zip(planar(net), weights, *directions, strict=True):
                p.copy_(w + alpha * d1 + beta * d2)
            losses[i, j] = cross_entropy(net(x), labels).item()
    return losses


def straightforward_training(nets, x, labels, generators):
    """One epoch of SGD of every net by itself."""
    for net, generator in zip(copy.deepcopy(nets), generators, strict=True):
        optimiser = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE, momentum=0.9, weight_decay=1e-4)
        for (index,) in batches(len(x), BATCH, [generator]):
            optimiser.zero_grad()
            cross_entropy(net(x[index]), labels[index]).backward()
            optimiser.step()


def compare(kind, x, labels, peak):
    """Two rows for the landscape in each of BN's modes, and two for training.

    Raises:
        SystemExit: the losses differ by more than 1e-5 of their size.
    """
    runs = streams(f"bench {kind}", range(NETS))
    nets = [ConvNet(DEPTH, WIDTHS, 1, 10, kind == "residual", of.torch("weights")) for of in runs]
    generators = [of.torch("batches") for of in runs]
    many_x, many_labels = x.expand(NETS, *x.shape), labels.expand(NETS, -1)

    def side_by_side(nets):
        train_side_by_side(nets, many_x, many_labels, generators, 1, BATCH, LEARNING_RATE)

    alone, count = best(lambda: straightforward_training(nets, x, labels, generators))[0], len(x) // BATCH * BATCH
    together = best(lambda: side_by_side(copy.deepcopy(nets)))[0]
    side_by_side(nets)
    net, images = nets[0].eval(), (x[:IMAGES], labels[:IMAGES])
    directions, forward = plane(net, runs[0].torch("plane")), flops(net, x[:IMAGES])
    recomputed = with_batch_statistics(net)
    for mode, source, view in (
        ("fixed", net, folded(net, directions)),
        ("recomputed", recomputed, (recomputed, directions)),
    ):
        slow, expected = best(lambda source=source: straightforward_surface(source, directions, *images))
        fast, losses = best(lambda view=view: surface(*view, GRID, GRID, *images, ABREAST))
        error = np.max(np.abs(losses / expected - 1))
        if error > 1e-5:
            raise SystemExit(f"{kind}, statistics {mode}: the losses differ by {error:.1e} of their size")
        for name, seconds in (("loop", slow), ("side by side", fast)):
            share = GRID.size**2 * forward / seconds / peak
            row(f"{kind}, {mode}, {name}", GRID.size**2 / seconds, "points", slow / seconds, share)
        rate = GRID.size**2 * IMAGES / fast
        print(f"{'':36}the same losses to {error:.1e}; {rate:.0f} images/s")
    for name, seconds in (("loop", alone), ("side by side", together)):
        # A backward pass costs two forward ones.
        share = 3 * forward / IMAGES * count * NETS / seconds / peak
        row(f"{kind}, training, {name}", count * NETS / seconds, "images", alone / seconds, share)


def row(name, rate, unit, times, share):
    print(f"{name:36}{rate:>8.0f} {unit}/s{times:>8.2f} ×{share:>7.0%} of the peak")


def main():
    torch.set_num_threads(1)
    x, labels = (torch.from_numpy(array) for array in digits(Streams("bench", 0).numpy("split"))[:2])
    x, peak = x.view(-1, 1, 8, 8), matrix_peak()
    print(f"matrix products of 1024 × 1024: {peak / 1e9:.1f} GFLOP/s on one thread; nets of {DEPTH} layers")
    for kind in ("plain", "residual"):
        compare(kind, x, labels, peak)


if __name__ == "__main__":
    main()
