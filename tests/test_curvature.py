"""Second derivatives of compositions by SymPy, Hessians in closed form; claims 23 and 24 against the record."""

import numpy as np
import pytest
import sympy
import torch

from scripts import statistics
from scripts.measure.task_curvature import bends, small_net, trained
from scripts.record import array, centre, read
from snippets.curvature import compose, rescaled_pair, top_eigenvalue
from snippets.streams import streams

RECORD = read("curvature")


def value(name):
    return centre(RECORD["measurements"][name])


def test_second_derivative_of_one_block_and_of_a_composition():
    x = sympy.Symbol("x")
    f, g = sympy.Function("f"), sympy.Function("g")
    assert sympy.diff(x + f(x), x, 2) == sympy.diff(f(x), x, 2)
    y = sympy.Symbol("y")
    g1, g2 = (sympy.diff(g(y), y, k).subs(y, f(x)) for k in (1, 2))
    claim = g2 * sympy.diff(f(x), x) ** 2 + g1 * sympy.diff(f(x), x, 2)
    assert sympy.simplify(sympy.diff(g(f(x)), x, 2).doit() - claim.doit()) == 0


@pytest.mark.parametrize("shortcut", [0, 1])
def test_compose_against_sympy(shortcut):
    x = sympy.Symbol("x")
    y = x
    for _ in range(3):
        y = shortcut * y + sympy.Rational(9, 10) * sympy.tanh(y)
    found = compose(3, np.array([0.3, -1.2]), 0.9, shortcut)
    for order in range(3):
        expected = [float(sympy.diff(y, x, order).subs(x, at).evalf(30)) for at in (0.3, -1.2)]
        np.testing.assert_allclose(found[order], expected, rtol=1e-12)


def test_top_eigenvalue_of_a_quadratic():
    A = torch.diag(torch.tensor([3.0, 1.0, -2.0], dtype=torch.float64))
    assert top_eigenvalue(lambda w: w @ A @ w / 2, torch.ones(3, dtype=torch.float64)) == pytest.approx(3)


@pytest.mark.parametrize("c", [0.3, 1.0, 7.0])
def test_the_linear_nets_hessian_grows_as_its_weights_are_rescaled(c):
    def loss(w):  # E = ½ mean (w₂ w₁ x − x)² with mean x² = 1
        return (w[1] * w[0] - 1) ** 2 / 2

    assert loss(rescaled_pair(c)) == pytest.approx(0, abs=1e-30)
    assert top_eigenvalue(loss, rescaled_pair(c)) == pytest.approx(c**2 + c**-2, rel=1e-13)


def test_record_one_linear_function_has_any_hessian():
    for c in RECORD["settings"]["factors"]:
        assert rescaled_pair(c).prod() == 1
        assert value(f"rescaled_top_eigenvalue_{c:g}") == pytest.approx(c**2 + c**-2)


def test_record_shortcuts_raise_the_curvature_in_the_input_and_lower_it_for_its_slope():
    assert value("largest_plain") == pytest.approx(0.196, abs=5e-4)
    assert value("largest_residual") > 1e10
    assert value("slope_at_zero_residual") == pytest.approx(1.9**20)
    assert value("largest_at_residual") < 1e-5 < 4 / 400  # far inside the regular grid's first step
    for kind, shortcut in (("plain", 0), ("residual", 1)):
        # The slope is steepest at 0, where tanh′ = 1 in every block.
        steepest = (shortcut + 0.9) ** 20
        assert value(f"relative_{kind}") == pytest.approx(value(f"largest_{kind}") / steepest**2, rel=1e-3)
    assert value("relative_residual") < 1 < 10 < value("relative_plain")


def test_small_nets_side_by_side_are_those_trained_alone():
    settings = RECORD["settings"] | {"steps": 20}
    together = trained(streams("curvature's test", [0, 1, 2]), 1.0, settings)
    alone = [trained([run], 1.0, settings)[0] for run in streams("curvature's test", [0, 1, 2])]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, rel=1e-6)


def test_a_small_net_is_the_loop_over_its_layers():
    rng = np.random.default_rng(0)
    depth, width = 3, 4
    flat = rng.standard_normal(2 * width + depth * width * (width + 1) + width)
    x = rng.standard_normal((7, 1))
    z, at = x * flat[:width] + flat[width : 2 * width], 2 * width
    for _ in range(depth):
        W, b = flat[at : at + width**2].reshape(width, width), flat[at + width**2 : at + width**2 + width]
        z, at = z + np.tanh(z) @ W.T + b, at + width**2 + width
    found = small_net(torch.from_numpy(flat), torch.from_numpy(x), depth, width, 1.0)
    np.testing.assert_allclose(found, z @ flat[at:], rtol=1e-12)


def test_bends_of_a_parabola():
    """y = 3 x²: y″ = 6, and y′ = 6 x reaches 12 on the grid."""
    found = bends(lambda x: 3 * x[:, 0] ** 2, torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None])
    assert found == pytest.approx({"input_curvature": 6, "relative_input_curvature": 6 / 144})


def test_record_trained_nets_bend_more_in_the_input_with_shortcuts():
    plain, residual = array(RECORD, "input_curvature_plain"), array(RECORD, "input_curvature_residual")
    assert statistics.smaller(plain, residual) < statistics.RANK_LEVEL
    assert len(plain) == RECORD["settings"]["seeds"] >= 20
