"""ReLU's map of correlations against quadrature and a simulation, and its slope at 0 against SymPy."""

import numpy as np
import pytest
import sympy
from scipy.integrate import dblquad
from scipy.stats import multivariate_normal

from scripts.record import array, read
from snippets.correlation_map import correlation_after, correlation_after_relu


@pytest.mark.parametrize("c", [-0.6, 0.0, 0.3, 0.9])
def test_the_correlation_is_that_of_the_double_integral(c: float) -> None:
    density = multivariate_normal([0, 0], [[1, c], [c, 1]]).pdf
    product = dblquad(lambda v, u: u * v * density((u, v)), 0, 8, 0, 8, epsabs=1e-9)[0]
    mean, square = 1 / np.sqrt(2 * np.pi), 0.5
    assert correlation_after_relu(c) == pytest.approx((product - mean**2) / (square - mean**2), abs=1e-6)


def test_it_is_the_formula_of_the_page_and_its_slope_at_0_as_well() -> None:
    c = sympy.Symbol("c")
    rho = (sympy.sqrt(1 - c**2) + c * (sympy.pi - sympy.acos(c)) - 1) / (sympy.pi - 1)
    for at in (-1, -0.5, 0.2, 1):
        assert correlation_after_relu(at) == pytest.approx(float(rho.subs(c, at)), abs=1e-12)
    assert sympy.simplify(sympy.diff(rho, c) - (sympy.pi - sympy.acos(c)) / (sympy.pi - 1)) == 0
    assert sympy.simplify(sympy.diff(rho, c).subs(c, 0) - sympy.pi / (2 * (sympy.pi - 1))) == 0
    assert sympy.limit(sympy.diff(rho, c), c, 1, "-") == sympy.pi / (sympy.pi - 1)


def test_alike_stays_alike_and_unlike_unlike() -> None:
    assert correlation_after_relu(1) == pytest.approx(1) and correlation_after_relu(0) == pytest.approx(0, abs=1e-15)
    shrinking = [correlation_after(layers, 0.3) for layers in range(60)]
    ratios = np.divide(shrinking[1:], shrinking[:-1])
    assert np.all(ratios < 1) and ratios[-1] == pytest.approx(np.pi / (2 * (np.pi - 1)), rel=1e-4)


def test_record_of_the_simulation() -> None:
    record = read("correlation_map")
    simulated = array(record, "simulated_after_one")
    assert simulated.mean() == pytest.approx(array(record, "after_one"), abs=4 * simulated.std(ddof=1) / np.sqrt(len(simulated)))
    assert array(record, "left_after_54") < 1e-6
