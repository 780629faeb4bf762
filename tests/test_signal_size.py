"""A random net's signal against PyTorch, its growth against Monte Carlo and closed forms, the record."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import chi2, norm

from scripts.record import array, centre, read
from scripts.statistics import mean_interval
from snippets.initialisation import he
from snippets.networks import Plain, Residual
from snippets.signal_size import growth_shift, layers, overflow_layer, simulated_growth, typical_factor

RECORD = read("signal_size")
WIDTHS = RECORD["settings"]["widths"]


def value(name):
    return centre(RECORD["measurements"][name])


@pytest.mark.parametrize(("kind", "residual"), [(Plain, False), (Residual, True)])
def test_the_last_layer_read_out_is_the_network(kind, residual):
    net = kind(6, 4, 3, 5, "relu", he, [torch.Generator().manual_seed(0)])
    x = torch.randn(7, 6, generator=torch.Generator().manual_seed(1))
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
    """Plain: E ReLU(g)⁴ − (E ReLU(g)²)² by quadrature. Both by Monte Carlo over one layer, whose z remembers nothing."""
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
    remembered = growth_shift() / width / 4  # of ½ log 2: what one layer alone does not have
    for found, mean, variance, typical in (
        (plain, 1, 5, np.log(typical_factor(width, False))),
        (residual, 2, 9, np.log(typical_factor(width, True)) - remembered),
    ):
        assert np.mean(found) == pytest.approx(mean, rel=0.02)
        assert width * np.var(found) == pytest.approx(variance, rel=0.1)
        assert np.mean(np.log(found)) / 2 == pytest.approx(typical, abs=0.005)
        assert 2 * mean**2 * (np.log(mean) - 2 * typical) == pytest.approx(variance / width)


def test_the_share_that_is_remembered_is_a_sum_over_hermite_polynomials():
    """φ(x) = x|x| has ⟨φ, Heₙ⟩² = 8/π · ((n − 4)!!)² for odd n: −¼ Σ n cⁿ/(1 − cⁿ) ⟨φ, Heₙ⟩²/n!, c = 1/√2."""
    total = 0.0
    for n in range(1, 60, 2):
        coefficient = math.prod(range(n - 4, 0, -2))
        power = 2 ** (-n / 2)
        total += n * power / (1 - power) * 8 / math.pi * coefficient**2 / math.factorial(n)
    assert growth_shift() == pytest.approx(-total / 4, rel=1e-6)


def test_the_products_of_correlated_normal_numbers_are_as_large_as_the_sum_takes_them():
    rng, t = np.random.default_rng(0), 2**-0.5
    x, g = rng.standard_normal((2, 10**6))
    closed = 2 / np.pi * (np.sqrt(1 - t**2) + t * np.arcsin(t))
    assert np.mean(np.abs(x * (t * x + np.sqrt(1 - t**2) * g))) == pytest.approx(closed, rel=0.005)


def test_the_simulated_growth_is_that_of_matrices():
    """No matrix is drawn there, and mirror images run side by side: here are matrices, and each net by itself."""
    width, found = 16, []
    rng = np.random.default_rng(1)
    for _ in range(200):
        weights = [np.sqrt(2 / width) * rng.standard_normal((width, width)) for _ in range(100)]
        every = [np.log(np.sum(z**2)) for z in layers(rng.standard_normal((1, width)), weights, residual=True)]
        found.append((every[-1] - every[20]) / (len(every) - 21))
    low, high = mean_interval(found)
    middle, half = (low + high) / 2, (high - low) / 2
    assert abs(simulated_growth(width, 79, 400, np.random.default_rng(2)) - middle) < 2 * half
    assert half < 0.02


def test_record_the_coefficient_of_one_over_width_is_the_derived_one_and_not_that_of_a_net_that_forgets():
    found, expected = array(RECORD, "simulated_shift"), value("typical_shift")
    assert expected == pytest.approx(9 / 8 - growth_shift() / 2)
    low, high = mean_interval(found)
    assert high - low < 0.05
    assert abs(found.mean() - expected) < 0.05
    assert low > 1.5 > 9 / 8
    shifts = [value(f"simulated_shift_{width}") for width in RECORD["settings"]["simulated_widths"]]
    assert np.all(np.diff(shifts) < 0) and shifts[-1] > expected  # what is left falls with the width


def test_record_the_unscaled_net_overflows_where_theory_has_it():
    """Theory is of the order 1/N and of the root mean square: a number overflows a few layers earlier."""
    for width in WIDTHS:
        factors = np.log(array(RECORD, f"factor_unscaled_{width}"))
        error = factors.std(ddof=1) / np.sqrt(len(factors))
        # Of order 1/N² the simulation leaves about 5/N² in log r, and half of that in its root.
        assert abs(factors.mean() - np.log(typical_factor(width, True))) < 4 * error + 4 / width**2
        typical = value(f"typical_overflow_layer_{width}")
        assert value(f"overflow_layer_{width}") == pytest.approx(typical, rel=0.06)
        assert typical == pytest.approx(128 / np.log2(typical_factor(width, True)))


def test_record_the_plain_nets_signal_sinks_as_theory_has_it():
    """The log of the final size has mean −5L/(4N) and variance 5L/(4N): a layer adds 5/N to that of 2 log."""
    depth, seeds = RECORD["settings"]["depth"], RECORD["settings"]["seeds"]
    for width in WIDTHS:
        final = np.log(array(RECORD, f"final_size_plain_{width}"))
        expected = 5 * (depth - 1) / (4 * width)
        assert np.log(value(f"typical_final_size_plain_{width}")) == pytest.approx(-expected)
        assert np.log(value(f"typical_spread_plain_{width}")) == pytest.approx(np.sqrt(expected))
        assert abs(final.mean() + expected) < 4 * np.sqrt(expected / seeds)
        low, high = chi2.interval(0.999, seeds - 1)
        assert low < (seeds - 1) * final.var(ddof=1) / expected < high
        assert np.log(array(RECORD, f"factor_plain_{width}")) * (depth - 1) == pytest.approx(final, rel=1e-2)


def test_record_nets_that_must_keep_the_signal_keep_it():
    assert value("identity_factor_residual") == value("identity_factor_plain") == 1


def test_record_single_precision_is_not_what_makes_the_signal_grow():
    assert array(RECORD, f"float64_to_float32_{min(WIDTHS)}") == pytest.approx(1, abs=1e-3)


def test_record_both_records_of_the_unscaled_net_overflow_alike():
    trained = read("thousand_layers")
    random = array(RECORD, f"overflow_layer_{trained['settings']['width']}")
    error = np.sqrt(sum(np.var(x, ddof=1) / len(x) for x in (random, array(trained, "overflow_layer_unscaled"))))
    assert abs(array(trained, "overflow_layer_unscaled").mean() - random.mean()) < 4 * error + 4


def test_record_a_thousand_small_factors():
    assert value("scaled_growth") < np.e
    assert value("growth_by_a_percent") == pytest.approx(np.exp(1000 * np.log1p(0.01)))
    assert value("decay_by_a_percent") == pytest.approx(np.exp(1000 * np.log1p(-0.01)))


def test_record_a_coin_whose_mean_factor_is_one_has_a_small_typical_product():
    """The log of a product has mean ½ log ¾ a toss and the deviation ½ log 3: a control whose answer is known."""
    tosses, found = RECORD["settings"]["coin_tosses"], np.log(array(RECORD, "coin_product"))
    assert np.log(value("typical_coin_product")) == pytest.approx(tosses / 2 * np.log(0.75))
    error = np.sqrt(tosses) * np.log(3) / 2 / np.sqrt(len(found))
    assert abs(found.mean() - tosses / 2 * np.log(0.75)) < 4 * error
