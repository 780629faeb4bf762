"""Small nets against another implementation of the same, stopping against a count by hand; the record."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from scripts.record import array, read
from scripts.statistics import RANK_LEVEL, difference, smaller
from snippets.initialisation import he
from snippets.loss_landscape import plane, surface
from snippets.matched_loss import Mlp, losses_on_plane, train_until
from snippets.networks import NormalisedResidual, Plain, Residual
from snippets.training import batches

RECORD = read("matched_loss")
PAIRS = [("residual", "plain"), ("residual_bn", "plain_bn")]
GENERATOR = torch.Generator().manual_seed(0)
X, LABELS = torch.randn(24, 6, generator=GENERATOR), torch.arange(24) % 3


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def copy_of(net, cls, **options):
    """The weights of a small net in a net of snippets/networks.py, whose first axis runs over seeds."""
    other = cls(6, 5, 3, 4, "relu", he, [generator(0)], **options)
    with torch.no_grad():
        for mine, theirs in zip(net.layers, [*other.layers, other.readout], strict=True):
            theirs.weight.copy_(mine.weight[None])
            theirs.bias.copy_(mine.bias[None, None])
    return other


def small(shortcut: int, scale: float, normalise: bool) -> Mlp:
    net = Mlp(6, 5, 3, 4, shortcut, scale, normalise, generator(1))
    with torch.no_grad():
        for n, layer in enumerate(net.layers):
            layer.bias += 0.1 * n - 0.2
    return net


def test_without_bn_they_are_the_nets_of_chapter_four():
    for net, cls, options in (
        (small(0, 1.0, False), Plain, {}),
        (small(1, 0.3, False), Residual, {"scale": 0.3}),
    ):
        torch.testing.assert_close(net(X), copy_of(net, cls, **options)(X[None])[0])


@pytest.mark.parametrize("shortcut", [0, 1])
def test_bn_stands_before_every_relu(shortcut: int):
    net = small(shortcut, 1.0, True)
    z = X @ net.layers[0].weight.T + net.layers[0].bias
    for layer in net.layers[1:]:
        active = torch.relu((z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt())
        new = active @ layer.weight.T + layer.bias
        z = new + shortcut * z if new.shape == z.shape else new
    torch.testing.assert_close(net(X), z)
    if shortcut:
        branches = copy_of(net, NormalisedResidual)
        z = branches.layers[0](X[None])
        for layer in branches.layers[1:]:
            z = z + branches.branch(layer, z)
        active = torch.relu((z - z.mean(1)) / (z.var(1, correction=0) + 1e-5).sqrt())
        torch.testing.assert_close(net(X), branches.readout(active)[0])


def test_all_kinds_of_a_seed_begin_with_equal_weights_of_hes_variance():
    kinds = [Mlp(64, 100, 10, 6, *kind, generator(4)) for kind in ((0, 1.0, False), (1, 0.2, True))]
    for mine, others in zip(*(kind.parameters() for kind in kinds), strict=True):
        assert torch.equal(mine, others)
    for layer in kinds[0].layers:
        assert torch.all(layer.bias == 0)
        assert layer.weight.var().item() == pytest.approx(2 / layer.weight.shape[1], rel=0.15)


def test_training_stops_where_the_loss_of_all_images_first_is_low_enough():
    """The same updates written out: v ← 0.9 v + g clipped, w ← w − η v; a look after every third."""
    rate, limit, every, target = 0.2, 0.7, 3, 0.9
    net, by_hand = small(1, 0.5, False), small(1, 0.5, False)
    parameters = list(by_hand.parameters())
    velocities, clipped, count = [torch.zeros_like(p) for p in parameters], 0, 0
    order = generator(7)
    for _ in itertools.count():
        for (index,) in batches(24, 8, [order]):
            gradients = torch.autograd.grad(cross_entropy(by_hand(X[index]), LABELS[index]), parameters)
            norm = torch.cat([g.flatten() for g in gradients]).norm().item()
            clipped += norm > limit
            for p, v, g in zip(parameters, velocities, gradients, strict=True):
                v.mul_(0.9).add_(g * min(1.0, limit / norm))
                p.data -= rate * v
            count += 1
            if count % every == 0 and cross_entropy(by_hand(X), LABELS) <= target:
                break
        else:
            continue
        break
    assert 3 < count and clipped  # the batches of a second epoch were needed, or at least several looks
    assert train_until(net, target, rate, X, LABELS, generator(7), 1000, 8, limit, every) == count
    assert train_until(small(1, 0.5, False), target, rate, X, LABELS, generator(7), count - 1, 8, limit, every) is None
    for ours, theirs in zip(net.parameters(), parameters, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    reached = cross_entropy(net(X), LABELS).item()
    assert train_until(small(1, 0.5, False), reached, rate, X, LABELS, generator(7), 1000, 8, limit, every) == count


def test_a_net_that_does_not_get_there_in_time_says_so():
    assert train_until(small(0, 1.0, False), 0.0, 0.1, X, LABELS, generator(0), 9, 8, 1.0, 3) is None


def test_record_every_net_stopped_just_below_the_target():
    target = RECORD["settings"]["target"]
    for kind in ("plain", "residual", "plain_bn", "residual_bn"):
        assert array(RECORD, f"arrived_{kind}").min() == 1
        losses = array(RECORD, f"train_loss_{kind}")
        assert losses.max() <= target and losses.min() > 0.7 * target


@pytest.mark.parametrize("normalise", [False, True])
def test_losses_on_a_plane_are_those_of_chapter_fives_surface(normalise: bool):
    net = small(1, 0.5, normalise)
    directions, grid = plane(net, generator(2)), np.linspace(-1, 1, 5)
    found = losses_on_plane(net, directions, grid, grid[:3], X, LABELS)
    assert found.shape == (5, 3)
    np.testing.assert_allclose(found, surface(net, directions, grid, grid[:3], X, LABELS), rtol=1e-4)


def test_record_planes_are_random_indeed():
    """Of vectors with so many entries, a cosine above five deviations would be no chance."""
    weights = sum(n * m for n, m in itertools.pairwise([64, *[32] * 10, 10]))
    for kind in ("plain", "residual", "plain_bn", "residual_bn"):
        assert array(RECORD, f"largest_cosine_{kind}").max() < 8 / np.sqrt(weights)
        by_plane = array(RECORD, f"nonconvex_share_by_plane_{kind}")
        assert by_plane.shape == (RECORD["settings"]["seeds"], RECORD["settings"]["planes"])
        np.testing.assert_allclose(by_plane.mean(axis=1), array(RECORD, f"nonconvex_share_{kind}"), rtol=1e-4)


def test_record_the_same_functions_written_otherwise():
    assert array(RECORD, "twin_difference_residual").max() < 1e-5
    np.testing.assert_allclose(array(RECORD, "twin_relative_quotient_residual"), 1, rtol=0.03)
    naive, of_twin = array(RECORD, "lambda_max_residual"), array(RECORD, "twin_lambda_max_residual")
    assert smaller(naive, of_twin) < RANK_LEVEL


def test_record_two_sets_of_nets_of_one_kind_are_not_told_apart():
    for name in ("lambda_max", "relative_lambda_max"):
        pair = (array(RECORD, f"{name}_{kind}") for kind in ("residual", "residual_again"))
        assert difference(*pair, log=True).p > RANK_LEVEL


@pytest.mark.parametrize(("residual", "plain"), PAIRS)
def test_record_at_the_same_loss_residual_nets_are_less_sharp_and_more_convex(residual: str, plain: str):
    for name in ("relative_lambda_max", "nonconvex_share"):
        assert smaller(array(RECORD, f"{name}_{residual}"), array(RECORD, f"{name}_{plain}")) < RANK_LEVEL


def test_record_no_net_is_at_a_convex_point():
    for residual, plain in PAIRS:
        for kind in (residual, plain):
            assert array(RECORD, f"lambda_min_{kind}").max() < 0
            ratio = np.abs(array(RECORD, f"lambda_min_{kind}")) / array(RECORD, f"lambda_max_{kind}")
            np.testing.assert_allclose(array(RECORD, f"ratio_{kind}"), ratio, rtol=1e-4)
