"""Claims 4 and 5: the gradient is the loss's first-order change, and through n units it is a product."""

import mpmath
import numpy as np
import pytest
import sympy
import torch

from scripts.record import array, centre, read
from snippets.backpropagation import central_difference, chain, chain_gradient, chain_loss
from snippets.streams import Streams


class slope(sympy.Function):
    """σ′, left as a symbol so that its occurrences can be counted."""


class sigma(sympy.Function):
    """σ, of which SymPy knows nothing but that its derivative is `slope`."""

    def fdiff(self, argindex=1):
        return slope(self.args[0])


def composed_loss(n, unit):
    """½ (unit(wₙ … unit(w₁ x)) − t)², with its pre-activations zₗ and symbols (x, t, w₁ … wₙ)."""
    x, t, *w = symbols = sympy.symbols(f"x t w1:{n + 1}", real=True)
    a, z = x, []
    for w_l in w:
        z.append(w_l * a)
        a = unit(z[-1])
    return (a - t) ** 2 / 2, a, z, symbols


def logistic(z):
    return 1 / (1 + sympy.exp(-z))


def loss_of_first_weight(x, weights, target):
    """E as a function of w₁, in mpmath's precision."""

    def loss(w):
        a = mpmath.mpf(x)
        for w_l in (w, *map(mpmath.mpf, weights[1:])):
            a = 1 / (1 + mpmath.exp(-w_l * a))
        return (a - target) ** 2 / 2

    return loss


def draw(n, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(), rng.normal(size=n), rng.normal()


def autograd(x, weights, target):
    """∂E/∂w₁ and the activations of the chain, by PyTorch."""
    w = torch.tensor(weights, dtype=torch.float64, requires_grad=True)
    a = [torch.tensor(x, dtype=torch.float64)]
    for w_l in w:
        a.append(torch.sigmoid(w_l * a[-1]))
    ((a[-1] - target) ** 2 / 2).backward()
    return w.grad[0].item(), [a_l.item() for a_l in a]


@pytest.fixture(scope="module")
def record():
    return read("chain_rule")


def test_gradient_is_the_first_order_change_of_the_loss(record):
    x, weights, target = 1.3, np.array([0.7, -1.6, 2.1]), 0.2
    with mpmath.workdps(40):
        exact = loss_of_first_weight(x, weights, target)
        second, third = (float(mpmath.diff(exact, weights[0], k)) for k in (2, 3))

    def along(w):
        return chain_loss(x, [w, *weights[1:]], target)

    gradient = chain_gradient(x, weights, target)
    for h in (1e-1, 1e-2):
        change = along(weights[0] + h) - along(weights[0])
        # What is left after the first order is h²E″/2, and after the central difference h²E‴/6.
        np.testing.assert_allclose((change - h * gradient) / h**2, second / 2, rtol=2 * h)
        error = central_difference(along, weights[0], h) - gradient
        np.testing.assert_allclose(error / h**2, third / 6, rtol=2 * h)

    # A seed whose second or third derivative happens to vanish nearby shows another order: hence the median.
    for name in ("first_order_remainder_order", "central_difference_order"):
        assert np.median(array(record, name)) == pytest.approx(2, abs=0.25)
    assert centre(record["measurements"]["best_central_difference_error"]) < 1e-6


def test_two_derivatives_give_the_central_difference_no_second_order():
    """sgn(w)|w|^(5/2) has a second derivative everywhere and no third at 0: the error is h^(3/2), and h² is no bound."""

    def loss(w):
        return np.sign(w) * abs(w) ** 2.5

    for h in (1e-1, 1e-3, 1e-5):
        np.testing.assert_allclose(central_difference(loss, 0.0, h), h**1.5, rtol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_product_formula_equals_the_derivative(n):
    loss, a_n, z, (x, t, *w) = composed_loss(n, sigma)
    gradient = loss.diff(w[0])
    product = (a_n - t) * sympy.prod([slope(z_l) for z_l in z]) * sympy.prod(w[1:]) * x
    assert sympy.expand(gradient - product) == 0
    factors = sympy.factor(gradient).as_ordered_factors()
    assert sum(isinstance(factor, slope) for factor in factors) == n
    assert sum(factor in w for factor in factors) == n - 1

    x_value, weights, target = draw(n)
    explicit, _, _, symbols = composed_loss(n, logistic)
    values = dict(zip(symbols, map(sympy.Float, (x_value, target, *weights)), strict=True))
    derivative = explicit.diff(symbols[2]).evalf(30, subs=values)
    np.testing.assert_allclose(chain_gradient(x_value, weights, target), float(derivative), rtol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 10, 30])
def test_snippet_agrees_with_autograd(n):
    x, weights, target = draw(n, seed=n)
    gradient, activations = autograd(x, weights, target)
    z, a = chain(x, weights)
    assert (z.shape, a.shape) == ((n,), (n + 1,))
    np.testing.assert_allclose(a, activations, rtol=1e-13)
    np.testing.assert_allclose(z, weights * np.array(activations[:-1]), rtol=1e-13)
    np.testing.assert_allclose(
        chain_loss(x, weights, target), (activations[-1] - target) ** 2 / 2, rtol=1e-12
    )
    np.testing.assert_allclose(chain_gradient(x, weights, target), gradient, rtol=1e-12)


def test_central_difference_is_exact_for_parabolas_and_of_second_order():
    assert central_difference(lambda x: 3 * x**2 - x, 2.0, 0.5) == 11
    assert central_difference(lambda x: x**3, 1.0, 0.5) == 3 + 0.5**2


def test_record_holds_the_gradients_of_its_seeds(record):
    """Every seed's gradient again, with 40 digits and numerically, without the chain rule."""
    settings = record["settings"]
    again = []
    for seed in record["provenance"]["seeds"]:
        run = Streams("chain_rule", seed)
        x, weights = run.numpy("inputs").normal(), run.numpy("weights").normal(size=settings["units"])
        with mpmath.workdps(40):
            loss = loss_of_first_weight(x, weights, settings["target"])
            again.append(float(abs(mpmath.diff(loss, weights[0]))))
    np.testing.assert_allclose(array(record, "gradient"), again, rtol=1e-5)


def test_autograd_agrees_to_the_last_digits_and_small_steps_do_not(record):
    assert (array(record, "autograd_error") < 1e-12).all()
    error = array(record, "central_difference_error")
    best = array(record, "best_central_difference_error")
    np.testing.assert_array_equal(best, error.min(axis=1))
    # Neither the largest nor the smallest step is the best: truncation on one side, rounding on the other.
    typical = np.exp(np.log(error).mean(axis=0))
    assert 0 < typical.argmin() < len(typical) - 1
    np.testing.assert_array_equal(array(record, "smallest_step_error"), error[:, -1])
    assert typical[-1] > 1e3 * typical.min()


def test_record_control_a_formula_without_the_weights_is_found_out(record):
    assert (array(record, "error_without_weights") > 1e3 * array(record, "best_central_difference_error")).all()
