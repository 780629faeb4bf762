"""A random net's signal against PyTorch, its growth against Monte Carlo and closed forms, the record."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import chi2, norm

from scripts.record import array, centre, read
from snippets.initialisation import he
from snippets.networks import Plain, Residual
from snippets.signal_size import layers, overflow_layer, typical_factor

RECORD = read("signal_size")
WIDTHS = RECORD["settings"]["widths"]


def value(name):
    return centre(RECORD["measurements"][name])


@pytest.mark.parametrize(("kind", "residual"), [(Plain, False), (Residual, True)])
def test_the_last_layer_read_out_is_the_network(kind, residual):
    net = kind(6, 4, 3, 5, "relu", he, [0])
    x = torch.randn(7, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        *_, z = layers(x.numpy(), [layer.weight[0].numpy() for layer in net.layers], residual)
        expected = net(x.expand(1, -1, -1))[0]
        found = net.readout(torch.relu(torch.from_numpy(z))[None])[0]
    torch.testing.assert_close(found, expected)


def test_overflow_is_where_the_powers_of_two_leave_float32():
    x, identity = np.ones((1, 1), np.float32), [np.ones((1, 1), np.float32)] * 200
    with np.errstate(over="ignore"):
        assert overflow_layer(x, identity) == 129  # z = 2ˡ⁻¹, and 2¹²⁸ is too large
    assert overflow_layer(x, identity[:128]) is None


def test_the_variances_behind_the_typical_factor():
    """Plain: E ReLU(g)⁴ − (E ReLU(g)²)² by quadrature. Both by Monte Carlo over one layer."""
    second, fourth = (quad(lambda g, n=n: g**n * norm.pdf(g), 0, np.inf)[0] for n in (2, 4))
    assert 4 * (fourth - second**2) == pytest.approx(5)
    rng, width = np.random.default_rng(0), 64
    plain, residual = [], []
    for _ in range(4000):
        z = rng.standard_normal(width)
        W = np.sqrt(2 / width) * rng.standard_normal((width, width))
        a = np.maximum(z, 0)
        plain.append(np.sum(np.maximum(W @ a, 0) ** 2) / np.sum(a**2))
        residual.append(np.sum((z + W @ a) ** 2) / np.sum(z**2))
    for found, mean, variance, is_residual in ((plain, 1, 5, False), (residual, 2, 9, True)):
        assert np.mean(found) == pytest.approx(mean, rel=0.02)
        assert width * np.var(found) == pytest.approx(variance, rel=0.1)
        typical = np.log(typical_factor(width, is_residual))
        assert np.mean(np.log(found)) / 2 == pytest.approx(typical, abs=0.005)
        assert 2 * mean**2 * (np.log(mean) - 2 * typical) == pytest.approx(variance / width)


def test_record_the_unscaled_net_overflows_where_theory_has_it():
    """Theory is of the order 1/N and of the root mean square: a number overflows a few layers earlier."""
    for width in WIDTHS:
        factors = np.log(array(RECORD, f"factor_unscaled_{width}"))
        error = factors.std(ddof=1) / np.sqrt(len(factors))
        assert abs(factors.mean() - np.log(typical_factor(width, True))) < 3 * error + 1 / width**2
        typical = value(f"typical_overflow_layer_{width}")
        assert value(f"overflow_layer_{width}") == pytest.approx(typical, rel=0.05)
        assert typical == pytest.approx(128 / np.log2(typical_factor(width, True)))


def test_record_the_plain_nets_signal_sinks_as_theory_has_it():
    """The log of the final size has mean −5L/(4N) and variance 5L/(4N): a layer adds 5/N to that of 2 log."""
    depth, seeds = RECORD["settings"]["depth"], RECORD["settings"]["seeds"]
    for width in WIDTHS:
        final = np.log(array(RECORD, f"final_size_plain_{width}"))
        expected = 5 * (depth - 1) / (4 * width)
        assert np.log(value(f"typical_final_size_plain_{width}")) == pytest.approx(-expected)
        assert abs(final.mean() + expected) < 3 * np.sqrt(expected / seeds)
        low, high = chi2.interval(0.999, seeds - 1)
        assert low < (seeds - 1) * final.var(ddof=1) / expected < high


def test_record_both_records_of_the_unscaled_net_overflow_alike():
    trained, random = (
        read("thousand_layers"),
        array(RECORD, f"overflow_layer_{read('thousand_layers')['settings']['width']}"),
    )
    drawn = trained["settings"]["drawn_layers"]
    last = array(trained, "last_finite_layer_unscaled")
    following = [drawn[drawn.index(layer) + 1] for layer in last]
    assert last.max() < random.max() and random.min() < max(following)


def test_record_a_thousand_small_factors():
    assert value("scaled_growth") < np.e
    assert value("growth_by_a_percent") == pytest.approx(np.exp(1000 * np.log1p(0.01)))
    assert value("decay_by_a_percent") == pytest.approx(np.exp(1000 * np.log1p(-0.01)))
