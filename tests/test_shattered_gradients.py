"""Input gradients against finite differences, theory's rates against Monte Carlo; claim 25 against the record."""

import numpy as np
import pytest
import torch

from scripts.record import array, centre, read
from snippets.gradient_correlation import kappa0, kappa1, mean_field, mean_field_normalised, textbook
from snippets.initialisation import gaussian_weights, he
from snippets.shattered_gradients import (
    autocorrelation,
    correlation,
    forward,
    input_gradients,
    looks_linear,
    through_the_batch,
)

RECORD = read("shattered_gradients")


def value(name):
    return centre(RECORD["measurements"][name])


def spread(name):
    values = array(RECORD, name)
    return values.std(axis=0, ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("normalise", [False, True])
def test_input_gradients_are_finite_differences_of_the_net_with_bn_held(residual, normalise):
    rng = np.random.default_rng(3)
    width, h = 8, 1e-6
    x, readout = rng.standard_normal((10, width)), rng.standard_normal(width)
    weights = gaussian_weights(4, width, he, rng)
    held, a = [], x
    for W in weights:
        held.append((a.mean(0), a.std(0)) if normalise else (0, 1))
        z = np.maximum((a - held[-1][0]) / held[-1][1], 0) @ W.T
        a = z + a if residual else z

    def net(a):
        for W, (mean, deviation) in zip(weights, held, strict=True):
            z = np.maximum((a - mean) / deviation, 0) @ W.T
            a = z + a if residual else z
        return a @ readout

    differences = np.stack([(net(x + h * e) - net(x - h * e)) / (2 * h) for e in np.eye(width)], axis=1)
    output, slopes = forward(x, weights, residual, normalise)
    np.testing.assert_allclose(output @ readout, net(x), rtol=1e-12)
    gradients = input_gradients(slopes, weights, readout, residual)
    np.testing.assert_allclose(gradients, differences, atol=1e-7 * np.abs(gradients).max())

    through_one_layer = slopes[0] * (readout @ weights[0]) + (readout if residual else 0)
    np.testing.assert_allclose(input_gradients(slopes[:1], weights[:1], readout, residual), through_one_layer)
    with pytest.raises(ValueError):
        input_gradients(slopes, weights[1:], readout, residual)


@pytest.mark.parametrize("residual", [False, True])
def test_with_bn_differentiated_gradients_are_those_of_automatic_differentiation(residual):
    rng = np.random.default_rng(5)
    x, weights = rng.standard_normal((10, 6)), gaussian_weights(3, 6, he, rng)
    g = rng.standard_normal((2, 10, 6))

    def net(a):
        for W in map(torch.from_numpy, weights):
            z = torch.relu((a - a.mean(0)) / a.std(0, correction=0)) @ W.T
            a = z + a if residual else z
        return a

    found = through_the_batch(x, weights, g, residual)
    for of_output, gradient in zip(g, found, strict=True):
        a = torch.from_numpy(x).requires_grad_()
        (net(a) * torch.from_numpy(of_output)).sum().backward()
        np.testing.assert_allclose(gradient, a.grad, atol=1e-12)
    # Nothing changes where all inputs move alike, save what the shortcuts pass on.
    np.testing.assert_allclose(found.sum(1), g.sum(1) if residual else 0, atol=1e-12)


def test_correlation_and_autocorrelation_against_plain_loops():
    g = np.random.default_rng(0).standard_normal((7, 3))
    pairs = [g[i] @ g[j] for i in range(7) for j in range(7) if i != j]
    assert correlation(g) == pytest.approx(np.mean(pairs) / np.mean([v @ v for v in g]))
    r = autocorrelation(g[:, 0])
    assert r[2] == pytest.approx(np.mean(g[:-2, 0] * g[2:, 0]) / np.mean(g[:, 0] ** 2))


@pytest.mark.parametrize("c", [0.0, 0.3, 0.9])
def test_kernels_are_gaussian_expectations(c):
    u, v = np.random.default_rng(1).standard_normal((2, 1_000_000))
    v = c * u + np.sqrt(1 - c**2) * v
    assert kappa0(c) == pytest.approx(2 * np.mean((u > 0) & (v > 0)), abs=4e-3)
    assert kappa1(c) == pytest.approx(2 * np.mean(np.maximum(u, 0) * np.maximum(v, 0)), abs=8e-3)


def test_rates_in_closed_form_and_in_the_limit():
    assert textbook(2, True, True) == pytest.approx(1.5 / 2 * 2.5 / 3)
    assert textbook(5, False, True) == 1 / 32 and textbook(3, True, False) == pytest.approx(27 / 64)
    assert mean_field(1, False) == 0.5 and mean_field(1, True) == 0.75
    # The second layer by hand: ReLU takes uncorrelated inputs to a correlation of 1/π, which a shortcut halves.
    assert mean_field(2, False) == pytest.approx(0.5 * (1 - np.arccos(1 / np.pi) / np.pi))
    assert mean_field(2, True) == pytest.approx(0.75 * (2 - np.arccos(0.5 / np.pi) / np.pi) / 2)
    # With BN: over the batch a block adds the variance of ReLU, ½ − 1/(2π), doubled by He's weights.
    first = 1 + 2 * (1 / 2 - 1 / (2 * np.pi))
    by_hand = 0.75 * (first + 1 / 2) / (first + 1)
    assert mean_field_normalised(1) == 0.75 and mean_field_normalised(2) == pytest.approx(by_hand)
    exponent = np.log2(mean_field_normalised(20000) / mean_field_normalised(10000))
    assert exponent == pytest.approx(-np.pi / (2 * (np.pi - 1)), abs=1e-3)
    assert np.log2(textbook(20000, True, True) / textbook(10000, True, True)) == pytest.approx(-0.5, abs=1e-3)
    assert np.log2(mean_field(20000, False) / mean_field(10000, False)) == pytest.approx(-3, abs=0.02)


def test_a_looks_linear_net_is_linear():
    rng = np.random.default_rng(0)
    weights = [looks_linear(W) for W in gaussian_weights(5, 4, he, rng)]
    x = rng.standard_normal((6, 4))
    output, _ = forward(np.hstack([x, -x]), weights, False, False)
    for W in weights:
        x = x @ W[:4, :4].T
    np.testing.assert_allclose(output, np.hstack([x, -x]), atol=1e-12)


def test_record_the_ledger_of_textbook_rates():
    """2⁻ᴸ holds for plain nets with BN only; (¾)ᴸ fails by L = 5, 1/√L by L = 10; mean field holds."""
    depths = RECORD["settings"]["correlation_depths"]
    for kind in ("plain", "residual", "residual_bn"):
        for theory, holds in (("mean_field", True), ("textbook", False)):
            error = np.abs(value(f"correlation_{kind}") - value(f"{theory}_{kind}"))[depths.index(5)]
            assert bool(error < 0.025) is holds, (kind, theory)
    agreed = slice(0, depths.index(10))
    np.testing.assert_allclose(value("correlation_plain_bn")[agreed], value("textbook_plain_bn")[agreed], atol=0.01)
    ten = depths.index(10)
    assert value("textbook_residual_bn")[ten] - value("correlation_residual_bn")[ten] > 5 * spread("correlation_residual_bn")[ten]
    assert value("correlation_residual")[ten] - value("textbook_residual")[ten] > 5 * spread("correlation_residual")[ten]


def test_record_skips_alone_do_not_prevent_decorrelation():
    """Claim 25: a residual net without BN decays nearly to the plain one; BN makes it slower there, faster without skips."""
    assert value("correlation_residual_50") < 0.1
    assert value("correlation_residual_bn_50") > value("correlation_residual_50") + 2 * spread("correlation_residual_50")
    assert value("neighbours_looks_linear_24") == pytest.approx(1, abs=1e-6)
    assert abs(value("neighbours_plain_bn_24")) < 0.1
    assert value("neighbours_plain_24") > 0.8  # without BN the 24-layer net is far from white noise here


def test_record_differentiating_bn_changes_a_gradients_correlation_little_and_the_batchs_sum_much():
    own, held = (array(RECORD, f"correlation_residual_bn_{name}_10") for name in ("own", "held"))
    assert np.abs(own - held).max() < 0.01
    assert value("correlation_residual_bn_summed_50") < value("correlation_residual_bn_50") / 2
