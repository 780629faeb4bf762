"""The block of 2015 against autograd and PyTorch's BN, its masks against walks counted singly; the record."""

from fractions import Fraction
from itertools import accumulate, permutations, product

import numpy as np
import pytest
import torch
from torch.nn.functional import batch_norm

from scripts.measure.task_relu_after_addition import masked, unbroken
from scripts.record import array, read
from scripts.statistics import RANK_LEVEL, difference, mean_interval, smaller
from snippets.initialisation import he
from snippets.networks import NormalisedResidual, Residual
from snippets.relu_after_addition import (
    PreActivation,
    ReluAfterAddition,
    added_by_width,
    left_of_plus_one,
    never_positive,
)

RECORD = read("relu_after_addition")
SETTINGS = RECORD["settings"]
SHAPE = (6, 4, 3, 4, "relu", he)
X = torch.randn(2, 9, 6, generator=torch.Generator().manual_seed(0))


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def value(name: str):
    return RECORD["measurements"][name]["value"]


def test_the_block_of_2015_is_batch_norms_gain_and_shift_the_addition_and_a_relu():
    net = ReluAfterAddition(*SHAPE, generators(2, 5))
    assert all(torch.all(gain == 1) for gain in net.gains)
    with torch.no_grad():
        for n, (layer, gain) in enumerate(zip(net.layers[1:], net.gains, strict=True)):
            gain += 0.1 * n - 0.3
            layer.bias += 0.2 * n - 0.1
    states = list(net.states(X))
    for seed in (0, 1):
        z = torch.relu(batch_norm(X[seed] @ net.layers[0].weight[seed].T, None, None, training=True))
        torch.testing.assert_close(states[0][seed], z)
        for state, layer, gain in zip(states[1:], net.layers[1:], net.gains, strict=True):
            F = batch_norm(
                z @ layer.weight[seed].T, None, None, gain[seed, 0], layer.bias[seed, 0], training=True
            )
            z = torch.relu(z + F)
            torch.testing.assert_close(state[seed], z)
        torch.testing.assert_close(net(X)[seed], net.readout(states[-1])[seed])
    assert len(states) == 4


def test_a_layer_without_a_gain_is_an_error():
    net = ReluAfterAddition(*SHAPE, generators(2, 5))
    net.gains = net.gains[:-1]
    with pytest.raises(ValueError):
        net(X)


def test_the_pre_activation_net_is_chapter_fours_and_its_states_lead_to_its_output():
    net, twin = PreActivation(*SHAPE, generators(2, 5)), NormalisedResidual(*SHAPE, generators(2, 5))
    torch.testing.assert_close(net(X), twin(X))
    *_, last = net.states(X)
    torch.testing.assert_close(net.readout(torch.relu(last)), twin(X))


def test_both_nets_have_equal_initial_weights():
    nets = (cls(*SHAPE, generators(2, 5)) for cls in (ReluAfterAddition, Residual))
    for mine, others in zip(*(net.layers for net in nets), strict=True):
        assert torch.equal(mine.weight, others.weight)


def test_a_blocks_jacobian_is_the_mask_times_i_plus_j():
    net = ReluAfterAddition(4, 4, 3, 2, "relu", he, generators(0))
    z0, layer = torch.rand(5, 4, generator=torch.Generator().manual_seed(3)), net.layers[1]

    def branch(z):
        return batch_norm(z @ layer.weight[0].T, None, None, training=True)

    def block(z):
        return torch.relu(z + branch(z))

    J = torch.autograd.functional.jacobian(branch, z0).reshape(20, 20)
    D = torch.diag((z0 + branch(z0) > 0).float().flatten())
    expected = D @ (torch.eye(20) + J)
    torch.testing.assert_close(torch.autograd.functional.jacobian(block, z0).reshape(20, 20), expected)
    assert 0 < D.trace() < 20


@pytest.mark.parametrize("steps", range(6))
def test_never_positive_over_all_orders_and_signs_of_a_few_steps(steps: int):
    """Steps that may come in any order and sign are all that the theorem asks for: count every case."""
    lengths = [Fraction(2) ** n + Fraction(1, 3**n) for n in range(steps)]
    cases = [
        [sign * length for sign, length in zip(signs, order, strict=True)]
        for order in permutations(lengths)
        for signs in product((1, -1), repeat=steps)
    ]
    good = sum(all(partial <= 0 for partial in accumulate(case)) for case in cases)
    assert Fraction(good, len(cases)) == Fraction(never_positive(steps))


def test_never_positive_by_cutting_walks_at_their_maximum():
    """Each walk has one maximum, so ∑ pₖ pₙ₋ₖ = 1; and pₙ √(πn) tends to 1."""
    p = [Fraction(never_positive(n)) for n in range(12)]  # exact: denominators are powers of 2
    for n in range(12):
        assert sum(p[k] * p[n - k] for k in range(n + 1)) == 1
    assert never_positive(400) * np.sqrt(np.pi * 400) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("draw", ["standard_normal", "standard_cauchy", "laplace"])
def test_a_reflected_walk_is_at_zero_as_often_as_said_whatever_its_steps(draw: str):
    rng = np.random.default_rng(0)
    z, walks, open_ways = 0.0, 40_000, np.ones(40_000, dtype=bool)
    for step in range(1, 13):
        z = np.maximum(0, z + getattr(rng, draw)(size=walks))
        open_ways &= z > 0
        assert np.mean(z == 0) == pytest.approx(never_positive(step), abs=0.012)
        assert open_ways.mean() == pytest.approx(never_positive(step), abs=0.012)


def test_left_of_plus_one_finds_the_multiple_of_the_last_gradient():
    last, other = torch.randn(2, 3, 7, 5, generator=torch.Generator().manual_seed(0))
    other -= left_of_plus_one(other, last).view(-1, 1, 1) * last
    planted = torch.tensor([0.25, 1.0, -0.5])
    torch.testing.assert_close(left_of_plus_one(planted.view(-1, 1, 1) * last + other, last), planted)


def test_masks_and_unbroken_ways_are_counted():
    z0, z1 = torch.tensor([[[1.0, 0.0, 2.0, 0.0]]]), torch.tensor([[[0.0, 3.0, 1.0, 0.0]]])
    assert masked([z0, z1]).tolist() == [[0.5, 0.5]]
    assert unbroken([z0, z1]).tolist() == [[0.5, 0.25]]


def test_added_by_width_against_matrices_multiplied_one_image_at_a_time():
    width, blocks, images, batch = 3, 4, 5, 16
    found = added_by_width(width, blocks, images, batch, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    z = np.maximum(rng.standard_normal((images, width)), 0)
    M = [np.diag(1.0 * (row > 0)) for row in z]
    masks, expected = list(M), []
    for _ in range(blocks):
        expected.append(np.mean([np.trace(m - way) / width for m, way in zip(M, masks, strict=True)]))
        c, noise = z - z.mean(), rng.standard_normal((images, width))
        sizes = np.array([row @ row for row in c])
        F = noise * np.sqrt(sizes / sizes.mean())[:, None]
        z = np.maximum(z + F, 0)
        for n in range(images):
            D = np.diag(1.0 * (z[n] > 0))
            kept = F[n] - (F[n] + F[n] ** 3) / batch
            M[n], masks[n] = D @ (np.eye(width) + np.outer(kept, c[n]) / sizes[n]) @ M[n], D @ masks[n]
    expected.append(np.mean([np.trace(m - way) / width for m, way in zip(M, masks, strict=True)]))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_what_finite_width_adds_is_proportional_to_one_over_the_width():
    blocks, rng = 40, np.random.default_rng(1)
    narrow, wide = (
        width * np.mean([added_by_width(width, blocks, 64, 128, rng) for _ in range(8)], axis=0)
        for width in (24, 72)
    )
    assert narrow[-1] == pytest.approx(wide[-1], rel=0.2)
    assert wide[-1] > 4 * wide[1] > 0


def test_record_the_masks_follow_the_walk():
    theory = np.array(value("never_positive"))
    factors = [1 - 1 / (2 * n) for n in range(1, SETTINGS["blocks"] + 2)]  # pₙ = pₙ₋₁ (2n − 1)/(2n)
    np.testing.assert_allclose(theory, np.cumprod(factors), rtol=1e-12)
    for depth in SETTINGS["depths"]:
        assert value(f"never_positive_{depth}") == theory[depth]
    for name in ("masked", "unbroken"):
        found = array(RECORD, name)
        assert np.abs(found.mean(axis=0) - theory).max() < 0.005, name
        for depth in SETTINGS["depths"]:
            np.testing.assert_allclose(found[:, depth], array(RECORD, f"{name}_{depth}"), rtol=1e-5)
    for depth in SETTINGS["depths"]:
        assert array(RECORD, f"simulated_{depth}").mean() == pytest.approx(theory[depth], abs=0.005), depth


def test_record_what_is_left_of_plus_one():
    """All of it with pre-activation; with the block of 2015 what theory says of so many units."""
    for column, depth in enumerate(SETTINGS["depths"]):
        for width in SETTINGS["nets"]:
            found = array(RECORD, f"left_2015_width_{width}_{depth}")
            np.testing.assert_allclose(found, array(RECORD, f"left_2015_width_{width}")[:, column], rtol=1e-5)
            expected = array(RECORD, f"expected_width_{width}_{depth}").mean()
            error = found.std(ddof=1) / np.sqrt(len(found))
            assert abs(found.mean() - expected) < 4 * error, (width, depth)
        found = array(RECORD, f"left_preactivation_width_128_{depth}")
        assert abs(found.mean() - 1) < 4 * found.std(ddof=1) / np.sqrt(len(found)), depth


def test_record_finite_width_leaves_more_than_the_walk():
    for depth in (10, 30):
        assert mean_interval(array(RECORD, f"left_2015_width_32_{depth}"))[0] > value(f"never_positive_{depth}")


def test_record_the_gradient_does_not_shrink_in_either_net():
    for depth in (10, 20, 30, 50, 100):
        later, of_2015 = (array(RECORD, f"gain_{kind}_{depth}") for kind in ("preactivation", "2015"))
        assert smaller(later, of_2015) < RANK_LEVEL, depth
        assert mean_interval(later, log=True)[0] > 1


def test_record_depth_hurts_the_block_of_2015_more():
    later, of_2015 = (
        {depth: array(RECORD, f"final_loss_{kind}_{depth}") for depth in SETTINGS["trained_depths"]}
        for kind in ("preactivation", "2015")
    )
    for depth in (30, 100):
        assert smaller(later[depth], of_2015[depth]) < RANK_LEVEL, depth
    ten, hundred = (difference(later[depth], of_2015[depth], log=True) for depth in (10, 100))
    assert ten.high < hundred.low
    assert smaller(later[10], later[100]) < RANK_LEVEL


def test_record_two_sets_of_nets_of_one_kind_are_not_told_apart():
    depth = SETTINGS["repeated_depth"]
    losses = (array(RECORD, f"final_loss_{name}_{depth}") for name in ("preactivation", "again"))
    assert difference(*losses, log=True).p > RANK_LEVEL


def test_record_training_does_not_make_the_masks_rarer():
    for depth in SETTINGS["trained_depths"]:
        before, after = (array(RECORD, f"masked_{when}_{depth}") for when in ("before", "after"))
        assert smaller(before, after) < RANK_LEVEL, depth
