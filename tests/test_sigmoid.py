"""Claims 6, 9 and 11: σ′ is at most ¼, (¼)¹⁰ is the article's number, ReLU′ is 1 on the positive side."""

import mpmath
import numpy as np
import pytest
import sympy
import torch

from scripts.record import array, read
from snippets.activations import (
    DERIVATIVE,
    relu,
    relu_derivative,
    sigmoid,
    sigmoid_derivative,
    tanh,
    tanh_derivative,
)

z = sympy.Symbol("z", real=True)
SIGMA = 1 / (1 + sympy.exp(-z))


def precise(expression, points):
    """`expression` in z with 40 digits at each of `points`, then rounded to doubles."""
    function = sympy.lambdify(z, expression, "mpmath")
    with mpmath.workdps(40):
        return np.array([float(function(mpmath.mpf(float(point)))) for point in points])


@pytest.fixture(scope="module")
def record():
    return read("sigmoid")


def test_derivative_is_at_most_a_quarter(record):
    slope = sympy.diff(SIGMA, z)
    assert sympy.simplify(slope - SIGMA * (1 - SIGMA)) == 0
    assert sympy.solve(sympy.diff(slope, z), z) == [0]
    assert slope.subs(z, 0) == sympy.Rational(1, 4)
    assert sympy.limit(slope, z, sympy.oo) == sympy.limit(slope, z, -sympy.oo) == 0

    assert sigmoid_derivative(0.0) == 0.25
    elsewhere = np.linspace(-20, 20, 401)
    assert (sigmoid_derivative(elsewhere[elsewhere != 0]) < 0.25).all()

    assert array(record, "derivative_max") == array(record, "derivative_max_found") == 0.25
    assert array(record, "argmax_found") == 0
    derivative, points = array(record, "derivative"), array(record, "z")
    assert points[derivative.argmax()] == 0
    assert np.sum(derivative == 0.25) == 1


def test_ten_layers_give_the_articles_number(record):
    exactly = sympy.Rational(1, 4) ** record["settings"]["layers"]
    assert record["settings"]["layers"] == 10
    assert exactly == sympy.Rational("9.5367431640625e-7")
    assert array(record, "quarter_power") == float(exactly)
    assert f"{float(exactly):.8f}" == "0.00000095"
    np.testing.assert_array_equal(
        array(record, "powers"), [float(sympy.Rational(1, 4) ** n) for n in range(31)]
    )


def test_relu_derivative():
    points = np.array([-3.0, -1e-300, 1e-300, 0.5, 40.0])
    np.testing.assert_array_equal(relu_derivative(points), [0, 0, 1, 1, 1])
    at = torch.tensor(np.append(points, 0.0), requires_grad=True)
    torch.relu(at).sum().backward()
    np.testing.assert_array_equal(relu_derivative(at.detach().numpy()), at.grad.numpy())
    np.testing.assert_array_equal(relu(at.detach().numpy()), torch.relu(at).detach().numpy())

    # At 0 the difference quotients of the two sides disagree, so there is no derivative there.
    right, left = relu(1e-6) / 1e-6, relu(-1e-6) / -1e-6
    assert (right, left) == (1, 0)


def test_a_weight_of_eight_gives_a_factor_of_two(record):
    assert record["settings"]["weight"] == 8
    assert 8 * SIGMA.diff(z).subs(z, 0) == 2
    assert array(record, "factor_with_large_weight") == 2


def test_record_holds_the_closed_forms(record):
    points = array(record, "z")
    np.testing.assert_allclose(array(record, "sigmoid"), precise(SIGMA, points), rtol=1e-12)
    np.testing.assert_allclose(array(record, "derivative"), precise(SIGMA.diff(z), points), rtol=1e-12)
    saturated = precise(SIGMA.diff(z), [record["settings"]["slope_step"]])
    np.testing.assert_allclose(array(record, "saturated_derivative"), saturated[0], rtol=1e-12)


@pytest.mark.parametrize(
    ("function", "expression"),
    [(sigmoid, SIGMA), (tanh, sympy.tanh(z))],
    ids=["sigmoid", "tanh"],
)
def test_snippets_agree_with_forty_digits(function, expression):
    points = np.linspace(-30, 30, 121)
    np.testing.assert_allclose(function(points), precise(expression, points), rtol=1e-13)
    np.testing.assert_allclose(DERIVATIVE[function](points), precise(expression.diff(z), points), atol=1e-15)


def test_each_activation_is_paired_with_its_own_derivative():
    assert DERIVATIVE == {sigmoid: sigmoid_derivative, tanh: tanh_derivative, relu: relu_derivative}
