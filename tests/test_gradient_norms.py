"""Claims 8 and 11: (¼)ⁿ is a bound with conditions, no proportionality; ReLU needs a suitable start."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.special import expit

from scripts.record import array, centre, read
from scripts.statistics import mean_interval, smaller
from snippets import activations
from snippets.backpropagation import backward, chain, forward
from snippets.streams import Streams

TORCH = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


@pytest.fixture(scope="module")
def record():
    return read("gradient_norms")


def autograd(x, weights, g, activation):
    """∂E/∂Wₗ and ∂E/∂aₗ of E = g · a_n / batch, by PyTorch."""
    w = [torch.tensor(W, requires_grad=True) for W in weights]
    a = [torch.tensor(x)]
    for W in w:
        a.append(TORCH[activation](torch.nn.functional.linear(a[-1], W)))
        a[-1].retain_grad()
    (torch.sum(a[-1] * torch.tensor(g)) / len(x)).backward()
    return (
        [W.grad.numpy() for W in w],
        [a_l.grad.numpy() for a_l in a[1:]],
        [a_l.detach().numpy() for a_l in a],
    )


def draws(seed, deviation, depth, width, batch):
    """A run's weights, inputs and output gradient."""
    run = Streams("gradient_norms", seed)
    rng = run.numpy("weights")
    weights = [deviation * rng.standard_normal((width, width)) for _ in range(depth)]
    x, g = (run.numpy(purpose).standard_normal((batch, width)) for purpose in ("inputs", "output gradient"))
    return weights, x, g


@pytest.mark.parametrize("activation", TORCH)
def test_backpropagation_agrees_with_autograd(activation):
    rng = np.random.default_rng(1)
    sizes, batch = [5, 7, 3, 4], 6
    weights = [rng.normal(size=(m, n)) for n, m in pairwise(sizes)]
    x, g = rng.normal(size=(batch, 5)), rng.normal(size=(batch, 4))
    phi = getattr(activations, activation)
    z, a = forward(x, weights, phi)
    of_weights, of_activations = backward(z, a, weights, g / batch, phi)
    expected_weights, expected_activations, expected_a = autograd(x, weights, g, activation)
    for ours, theirs in (
        (of_weights, expected_weights),
        (of_activations, expected_activations),
        (a, expected_a),
    ):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-14)
    with pytest.raises(ValueError):
        backward(z, a, weights[1:], g, phi)


@pytest.mark.parametrize(
    "activation, initialisation", [("sigmoid", "xavier"), ("tanh", "xavier"), ("relu", "he")]
)
def test_record_agrees_with_autograd(record, activation, initialisation):
    """The first and the last seed once more, from the same draws, by PyTorch.

    Not tanh with N(0, 1): it is chaotic, and thirty layers take a rounding error to 2e-5.
    """
    depth, batch, width = (record["settings"][key] for key in ("depth", "batch", "curves_of_width"))
    deviation = {"xavier": width**-0.5, "he": (2 / width) ** 0.5, "standard": 1.0}[initialisation]
    name = f"{activation}_{initialisation}_{width}"
    for seed in (0, -1):
        weights, x, g = draws(record["provenance"]["seeds"][seed], deviation, depth, width, batch)
        of_weights, of_activations, _ = autograd(x, weights, g, activation)
        for kind, gradients in (("weights", of_weights), ("activations", of_activations)):
            norms = [np.linalg.norm(gradient) for gradient in gradients]
            np.testing.assert_allclose(array(record, f"{kind}_{name}")[seed], norms, rtol=1e-5)


def test_sigmoid_layer_obeys_the_quarter_bound_of_its_matrix():
    """‖J‖₂ ≤ ‖W‖₂ / 4 for every sigmoid layer; equality where all pre-activations are 0."""
    rng = np.random.default_rng(2)
    for scale in (0.1, 1.0, 5.0):
        for _ in range(20):
            below, W, x = rng.normal(size=(6, 4)), scale * rng.normal(size=(5, 6)), rng.normal(size=4)
            weights = [below, W]
            z, a = forward(np.tile(x, (5, 1)), weights, activations.sigmoid)
            jacobian = backward(z, a, weights, np.eye(5), activations.sigmoid)[1][0]
            expected = torch.autograd.functional.jacobian(
                lambda a_1, W=W: torch.sigmoid(torch.tensor(W) @ a_1), torch.tensor(a[1][0])
            )
            np.testing.assert_allclose(jacobian, expected.numpy(), rtol=1e-9, atol=1e-14)
            assert np.linalg.norm(jacobian, 2) <= np.linalg.norm(W, 2) / 4

    # x = 0 makes every a₁ a half; rows of W that sum to 0 then make every z₂ zero.
    W = rng.normal(size=(5, 6))
    W -= W.mean(axis=1, keepdims=True)
    z, a = forward(np.zeros((5, 4)), [below, W], activations.sigmoid)
    jacobian = backward(z, a, [below, W], np.eye(5), activations.sigmoid)[1][0]
    np.testing.assert_allclose(jacobian, W / 4, rtol=1e-12)


def test_quarter_power_is_a_bound_not_a_proportionality(record):
    # A bound for units with |w| ≤ 1, and the product's share of it is anything but constant.
    rng = np.random.default_rng(3)
    n = 10
    shares = []
    for _ in range(200):
        weights = rng.uniform(-1, 1, size=n)
        z, _ = chain(rng.normal(), weights)
        shares.append(np.prod(np.abs(activations.sigmoid_derivative(z) * weights)) * 4.0**n)
    assert max(shares) <= 1
    assert max(shares) / min(shares) > 100

    # The factor per layer: below ¼ with Xavier, above with He, above 1 with N(0, 1) at width 256.
    for width in record["settings"]["widths"]:
        assert mean_interval(array(record, f"factor_sigmoid_xavier_{width}"))[1] < 0.25
        assert mean_interval(array(record, f"factor_sigmoid_he_{width}"))[0] > 0.25
    assert mean_interval(array(record, "factor_sigmoid_standard_256"))[0] > 1

    # Were the first layer's gradient proportional to (¼)ⁿ, gradient · 4ⁿ would not depend on n.
    by_depth = 4.0 ** np.array(record["settings"]["depths"])
    falling = array(record, "first_layer_sigmoid_xavier") * by_depth
    rising = array(record, "first_layer_sigmoid_standard") * by_depth
    assert (falling[:, -1] < 0.5 * falling[:, 0]).all()
    assert (rising[:, -1] > 1e12 * rising[:, 0]).all()


def test_first_layer_gradient_falls_with_depth(record):
    assert (np.diff(array(record, "first_layer_sigmoid_xavier"), axis=1) < 0).all()
    # With N(0, 1) single seeds go up and down; the typical one falls, and far more slowly.
    xavier, standard = (
        centre(record["measurements"][f"first_layer_sigmoid_{name}"]) for name in ("xavier", "standard")
    )
    assert (np.diff(standard) < 0).all()
    assert standard[-1] / standard[0] > 1e10 * xavier[-1] / xavier[0]


@pytest.mark.parametrize("initialisation", ["xavier", "standard"])
def test_first_layer_gradients_agree_with_autograd(record, initialisation):
    batch, width = record["settings"]["batch"], record["settings"]["curves_of_width"]
    deviation = {"xavier": width**-0.5, "standard": 1.0}[initialisation]
    depths, name = record["settings"]["depths"], f"first_layer_sigmoid_{initialisation}"
    again = []
    for depth in depths:
        weights, x, g = draws(record["provenance"]["seeds"][3], deviation, depth, width, batch)
        again.append(np.linalg.norm(autograd(x, weights, g, "sigmoid")[0][0]))
    np.testing.assert_allclose(array(record, name)[3], again, rtol=1e-5)
    for depth in (1, 10, 30):
        column = array(record, name)[:, depths.index(depth)]
        np.testing.assert_array_equal(array(record, f"{name}_depth_{depth}"), column)


def test_sigmoid_standard_factor_grows_with_width(record):
    factors = [
        array(record, f"factor_sigmoid_standard_{width}") for width in sorted(record["settings"]["widths"])
    ]
    for narrow, wide in pairwise(factors):
        assert smaller(narrow, wide) < 1e-6


def test_relu_needs_a_suitable_initialisation(record):
    """Half of the units pass, so a layer multiplies by about √(N · variance / 2)."""
    for width in record["settings"]["widths"]:
        expected = {"he": 1.0, "xavier": 0.5**0.5, "standard": (width / 2) ** 0.5}
        for initialisation, factor in expected.items():
            name = f"factor_relu_{initialisation}_{width}"
            np.testing.assert_allclose(centre(record["measurements"][name]), factor, rtol=0.1)
        factors = [array(record, f"factor_relu_{initialisation}_{width}") for initialisation in ("xavier", "he", "standard")]
        for small, large in pairwise(factors):
            assert smaller(small, large) < 1e-6

    # Over 30 layers: a gradient that arrives, one that vanishes, one that explodes.
    def arrives(initialisation):
        norm = array(record, f"activations_relu_{initialisation}_64")
        return norm[:, 0] / norm[:, -1]

    # √½ and √32 thirty times over are 4e-5 and 1e22; single nets stray by a factor of a few.
    assert (arrives("he") > 0.01).all() and (arrives("he") < 100).all()
    assert (arrives("xavier") < 0.01).all()
    assert (arrives("standard") > 1e15).all()


def test_factor_is_the_mean_ratio_of_neighbouring_layers(record):
    depth = record["settings"]["depth"]
    for activation in record["settings"]["activations"]:
        for initialisation in record["settings"]["initialisations"]:
            norm = array(record, f"activations_{activation}_{initialisation}_64")
            ratios = np.log(norm[:, :-1] / norm[:, 1:])
            assert ratios.shape[1] == depth - 1
            np.testing.assert_allclose(
                array(record, f"factor_{activation}_{initialisation}_64"),
                np.exp(ratios.mean(axis=1)),
                rtol=1e-5,
            )


def test_theory_predicts_the_factors(record):
    """Half a gradient's square passes a ReLU; a wide sigmoid layer's factor by integrating its own derivative."""
    assert array(record, "theory_relu_xavier") == pytest.approx(0.5**0.5, rel=1e-12)
    assert array(record, "theory_relu_he") == pytest.approx(1, rel=1e-12)
    for name in ("relu_xavier", "relu_he", "sigmoid_xavier"):
        assert centre(record["measurements"][f"factor_{name}_256"]) == pytest.approx(float(array(record, f"theory_{name}")), rel=0.01)
    z = np.linspace(-400, 400, 400_001)
    for width in record["settings"]["widths"]:
        # E[σ′(z)²] for z ~ N(0, N/2), by numerical integration with the sigmoid of SciPy.
        density = np.exp(-(z**2) / width) / np.sqrt(np.pi * width)
        mean = np.trapezoid((expit(z) * expit(-z)) ** 2 * density, z)
        theory = float(array(record, f"theory_sigmoid_standard_{width}"))
        assert theory == pytest.approx(np.sqrt(width * mean), rel=2 / width)
        assert centre(record["measurements"][f"factor_sigmoid_standard_{width}"]) == pytest.approx(theory, rel=0.06)


def test_record_control_layers_that_only_reorder_units_leave_the_norm(record):
    np.testing.assert_allclose(array(record, "factor_permutations"), 1, rtol=1e-6)


@pytest.mark.parametrize("initialisation, variance", [("xavier", 1.0), ("standard", 64.0)])
def test_record_control_one_layer_has_the_gradient_of_theory(record, initialisation, variance):
    """One layer's ‖∂E/∂W‖² is the sum over N² weights of a mean over the batch of (g σ′(z) x)²: N² E[σ′(z)²] / batch, z ~ N(0, N v)."""
    width, batch = record["settings"]["curves_of_width"], record["settings"]["batch"]
    z = np.linspace(-100, 100, 200_001)
    density = np.exp(-(z**2) / 2 / variance) / np.sqrt(2 * np.pi * variance)
    expected = width * np.sqrt(np.trapezoid((expit(z) * expit(-z)) ** 2 * density, z) / batch)
    assert centre(record["measurements"][f"first_layer_sigmoid_{initialisation}_depth_1"]) == pytest.approx(expected, rel=0.03)
