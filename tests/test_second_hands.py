"""The central experiments against a second implementation, written from the papers: the same numbers, and the same findings of its own."""

import ast
from pathlib import Path

import numpy as np
import pytest
import torch

from snippets.convnet_training import loss_and_error, train_side_by_side
from snippets.convnets import ConvNet
from snippets.digits import digits
from snippets.loss_landscape import local_minima, nonconvex_share, planar, plane, surface
from snippets.shattered_gradients import correlation, forward, input_gradients
from snippets.streams import Streams
from snippets.training import batches
from tests.second_hands import degradation, landscape, shattering


def test_the_second_hands_import_nothing_of_ours():
    files = sorted(Path(degradation.__file__).parent.glob("*.py"))
    assert len(files) == 4
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.partition(".")[0] in ("snippets", "scripts", "tests")], file.name


def copied(net):
    """Our net's parameters in the second implementation's order."""
    layers = [(net.conv, net.bn)]
    for block in net.blocks:
        layers += [(block.conv1, block.bn1), (block.conv2, block.bn2)]
    ours = [w for conv, bn in layers for w in (conv.weight, bn.weight, bn.bias)] + [net.linear.weight, net.linear.bias]
    return [w.detach().clone().requires_grad_() for w in ours]


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("depth", [8, 20])
def test_a_net_trained_by_both_has_the_same_losses_and_errors(depth, residual):
    x, labels, test_x, test_labels = (torch.from_numpy(part) for part in digits(Streams("second hands", 0).numpy("split")))
    x, test_x = x[:300].view(-1, 1, 8, 8).double(), test_x.view(-1, 1, 8, 8).double()
    labels = labels[:300]
    net = ConvNet(depth, (8, 16, 32), 1, 10, residual, Streams("second hands", 0).torch("weights")).double()
    weights = copied(net)
    order = [index for (index,) in batches(300, 50, [Streams("second hands", 0).torch("batches")])]
    losses, statistics = degradation.train(weights, x, labels, depth, residual, order, 6)
    ours = train_side_by_side([net], x[None], labels[None], [Streams("second hands", 0).torch("batches")], 1, 50, 0.05)
    assert np.isclose(ours.item(), np.mean(losses), rtol=1e-7)
    statistics["training"] = False
    with torch.no_grad():
        z = degradation.logits(weights, test_x, depth, residual, statistics)
    loss, error = loss_and_error(net, test_x, test_labels)
    assert np.isclose(loss, degradation.cross_entropy(z, test_labels).item(), rtol=1e-5)
    assert error == (z.argmax(1) != test_labels).double().mean().item()


def test_the_second_implementation_finds_degradation_by_itself():
    x, labels, _, _ = (torch.from_numpy(part) for part in digits(Streams("second hands", 1).numpy("split")))
    x = x.view(-1, 1, 8, 8)
    final = {}
    for depth in (8, 56):
        weights = degradation.parameters(depth, seed=11)
        steps = 4 * (len(x) // 128)
        losses, _ = degradation.train(weights, x, labels, depth, False, degradation.shuffled(len(x), 128, 4, 11), steps)
        final[depth] = np.mean(losses[-11:])
    chance = np.log(10)
    assert final[8] < chance / 2 < chance * 3 / 4 < final[56]


def test_a_plane_of_both_has_the_same_losses_shares_and_minima():
    x, labels, _, _ = (torch.from_numpy(part) for part in digits(Streams("second hands", 2).numpy("split")))
    x, labels = x[:40].view(-1, 1, 8, 8).double(), labels[:40]
    net = ConvNet(8, (4, 8, 16), 1, 10, False, Streams("second hands", 2).torch("weights")).double()
    train_side_by_side([net], x[None], labels[None], [Streams("second hands", 2).torch("batches")], 8, 20, 0.05)
    net.eval()
    directions = plane(net, Streams("second hands", 2).torch("plane 0"))
    raw = [[d.double().numpy() for d in direction] for direction in directions]
    weights = [w.detach().numpy().copy() for w in planar(net)]
    for direction in raw:
        for ours, theirs in zip(direction, landscape.normalised([d * 3.0 for d in direction], weights), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)

    def loss(moved):
        with torch.no_grad():
            for w, value in zip(planar(net), moved, strict=True):
                w.copy_(torch.from_numpy(value))
            return torch.nn.functional.cross_entropy(net(x), labels).item()

    grid = np.linspace(-1, 1, 9)
    theirs = landscape.surface(loss, weights, *raw, grid)
    loss(weights)
    ours = surface(net, [[torch.from_numpy(d) for d in direction] for direction in raw], grid, grid, x, labels)
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)
    for threshold in (0.0, 0.1):
        assert nonconvex_share(ours, 0.25, threshold) == landscape.share_not_convex(theirs, 0.25, threshold)
    assert local_minima(ours) == landscape.minima(theirs)


def test_shares_and_minima_of_surfaces_whose_answer_is_known():
    a, b = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-1, 1, 21), indexing="ij")
    for E, share, minima in ((3 * a**2 + b**2, 0, 1), (a**2 - b**2, 1, 0), (np.cos(3 * np.pi * a) * np.cos(3 * np.pi * b), None, None)):
        assert nonconvex_share(E, 0.1, 0.1) == landscape.share_not_convex(E, 0.1, 0.1)
        assert local_minima(E) == landscape.minima(E)
        if share is not None:
            assert (nonconvex_share(E, 0.1, 0.1), local_minima(E)) == (share, minima)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalise", [False, True])
def test_the_correlation_of_input_gradients_of_both(residual, normalise):
    rng = Streams("second hands", 3).numpy("net")
    x, readout = rng.standard_normal((12, 30)), rng.standard_normal(30)
    weights = [np.sqrt(2 / 30) * rng.standard_normal((30, 30)) for _ in range(6)]
    _, slopes = forward(x, weights, residual, normalise)
    ours = input_gradients(slopes, weights, readout, residual)
    theirs = shattering.gradients(torch.from_numpy(x), [torch.from_numpy(W) for W in weights], torch.from_numpy(readout), residual, normalise)
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-12)
    assert np.isclose(correlation(ours), shattering.correlation(theirs), rtol=1e-10)
