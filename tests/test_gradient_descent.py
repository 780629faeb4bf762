"""Claim 3: w ← w − η ∂E/∂w; on ½λw² it converges if and only if 0 < η < 2/λ."""

from itertools import pairwise

import numpy as np
import pytest
import sympy
import torch

from scripts.record import array, read
from snippets.gradient_descent import (
    descend,
    largest_learning_rate,
    quadratic_gradient,
    quadratic_loss,
    update,
)


@pytest.fixture(scope="module")
def record():
    return read("gradient_descent")


@pytest.mark.parametrize("curvature", [sympy.Rational(1, 3), sympy.Integer(2), sympy.Integer(50)], ids=str)
def test_update_converges_exactly_below_two_over_curvature(record, curvature):
    eta = sympy.Symbol("eta", real=True)
    converging = sympy.solveset(sympy.Abs(1 - eta * curvature) < 1, eta, sympy.S.Reals)
    assert converging == sympy.Interval.open(0, 2 / curvature)

    limit = largest_learning_rate(float(curvature))
    assert limit == float(2 / curvature)
    steps = 4000
    for share in (-0.02, 0.0, 0.02, 0.5, 0.98, 1.0, 1.02):
        path = descend(1.5, lambda w: quadratic_gradient(w, float(curvature)), share * limit, steps)
        np.testing.assert_allclose(
            path, 1.5 * (1 - 2 * share) ** np.arange(steps + 1), rtol=1e-9, atol=1e-300
        )
        if 0 < share < 1:
            assert abs(path[-1]) < 1e-30
        else:
            assert abs(path[-1]) >= 1.5 * (1 - 1e-9)

    rates, shrinkage = array(record, "rates"), array(record, "shrinkage_by_rate")
    edge = np.isclose(rates, 0) | np.isclose(rates, array(record, "limit"))
    assert edge.sum() == 2
    np.testing.assert_allclose(shrinkage[edge], 1, rtol=1e-12)
    inside = (rates > 0) & (rates < array(record, "limit"))
    assert (shrinkage[inside & ~edge] < 1).all()
    assert (shrinkage[~inside & ~edge] > 1).all()


def test_record_follows_the_closed_form(record):
    settings = record["settings"]
    start, curvature, steps = settings["start"], settings["curvature"], settings["steps"]
    assert array(record, "limit") == 2 / curvature
    for name, rate in settings["learning_rates"].items():
        path = array(record, f"path_{name}")
        closed = start * (1 - rate * curvature) ** np.arange(steps + 1)
        np.testing.assert_allclose(path, closed, rtol=1e-12)
        np.testing.assert_allclose(array(record, f"factor_{name}"), 1 - rate * curvature, rtol=1e-12)
        assert array(record, f"end_{name}") == path[-1]
    shrinkage = np.abs(1 - array(record, "rates") * curvature) ** steps
    # Twenty roundings of a factor near 0 (η near 1/λ) are relative to 1, not to the factor.
    np.testing.assert_allclose(array(record, "shrinkage_by_rate"), shrinkage, rtol=1e-12, atol=1e-30)


def test_named_learning_rates_do_what_they_are_called(record):
    path = {name: array(record, f"path_{name}") for name in record["settings"]["learning_rates"]}
    for name in ("slow", "monotone"):
        assert (np.diff(path[name]) < 0).all()
        assert (path[name] > 0).all()
    assert path["monotone"][-1] < path["slow"][-1]
    for name in ("oscillating", "boundary", "diverging"):
        assert (path[name][1:] * path[name][:-1] < 0).all()
    assert (np.diff(np.abs(path["oscillating"])) < 0).all()
    np.testing.assert_allclose(np.abs(path["boundary"]), 1, rtol=1e-12)
    assert (np.diff(np.abs(path["diverging"])) > 0).all()


def test_record_control_a_loss_that_is_no_parabola_has_the_same_limit(record):
    """On λ log cosh w, too, 2/λ parts settling from not settling; there it ends in the two-cycle w = ½ηλ tanh w, not at infinity."""
    rates = record["settings"]["learning_rates"]
    assert array(record, "log_cosh_end_oscillating") < 1e-12
    settled = float(array(record, "log_cosh_end_diverging"))
    assert settled > 0.1
    assert rates["diverging"] * record["settings"]["curvature"] / 2 * np.tanh(settled) == pytest.approx(settled, rel=1e-9)


def test_quadratic_gradient_is_the_derivative_of_the_loss():
    w = torch.tensor([-2.0, 0.0, 0.3], dtype=torch.float64, requires_grad=True)
    loss = quadratic_loss(w, 1.7)
    loss.sum().backward()
    np.testing.assert_allclose(quadratic_gradient(w.detach().numpy(), 1.7), w.grad.numpy(), rtol=1e-15)
    np.testing.assert_allclose(loss.detach().numpy(), [0.5 * 1.7 * 4, 0, 0.5 * 1.7 * 0.09], rtol=1e-15)


def test_update_and_descend_are_pytorchs_sgd():
    w = torch.tensor([[0.4, -1.2], [2.0, 0.1]], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=0.05)
    path = descend(w.detach().numpy().copy(), lambda w: 4 * w**3 - np.sin(w), 0.05, 7)
    assert path.shape == (8, 2, 2)
    for point, successor in pairwise(path):
        np.testing.assert_allclose(point, w.detach().numpy(), rtol=1e-13)
        optimiser.zero_grad()
        (w**4 + torch.cos(w)).sum().backward()
        np.testing.assert_allclose(update(point, w.grad.numpy(), 0.05), successor, rtol=1e-13)
        optimiser.step()
