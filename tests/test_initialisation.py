"""The variances against PyTorch's own initialisers, and what they are for: variance that a layer keeps."""

import numpy as np
import pytest
import torch

from snippets.activations import sigmoid, sigmoid_derivative
from snippets.initialisation import gaussian_weights, he, relu_factor, sigmoid_factor, standard, wide_sigmoid_factor, xavier


@pytest.mark.parametrize(
    "variance, initialise",
    [
        (xavier, torch.nn.init.xavier_normal_),
        (he, torch.nn.init.kaiming_normal_),
        (standard, torch.nn.init.normal_),
    ],
)
def test_variance_is_that_of_pytorchs_initialiser(variance, initialise):
    torch.manual_seed(0)
    inputs, outputs = 300, 600
    drawn = initialise(torch.empty(outputs, inputs))
    # 180,000 draws know their variance to 0.3 %; `he` with outputs for inputs would be off by a factor of 2.
    assert variance(inputs, outputs) == pytest.approx(drawn.var().item(), rel=0.015)


def test_variances_in_small_numbers():
    assert xavier(10, 40) == 2 / 50
    assert he(10, 40) == 2 / 10
    assert standard(10, 40) == 1


def test_gaussian_weights_have_the_variance_and_the_seed_asked_for():
    weights = gaussian_weights(3, 200, he, np.random.default_rng(0))
    assert [W.shape for W in weights] == [(200, 200)] * 3
    assert np.var(weights) == pytest.approx(2 / 200, rel=0.02)
    (of_xavier,) = gaussian_weights(1, 200, xavier, np.random.default_rng(0))
    np.testing.assert_allclose(of_xavier, weights[0] / np.sqrt(2))  # 2 / (200 + 200)
    again = gaussian_weights(3, 200, he, np.random.default_rng(0))
    np.testing.assert_array_equal(weights, again)
    assert not np.array_equal(weights[0], weights[1])


def test_he_keeps_the_mean_square_through_relu():
    rng = np.random.default_rng(0)
    x = np.maximum(rng.standard_normal((500, 400)), 0)
    (W,) = gaussian_weights(1, 400, he, rng)
    assert np.mean(np.maximum(x @ W.T, 0) ** 2) == pytest.approx(np.mean(x**2), rel=0.1)


def test_a_relu_layers_factor_by_sending_gradients_back_through_one():
    rng = np.random.default_rng(4)
    for variance_times_width in (1.0, 2.0):
        factors = []
        for _ in range(200):
            W = np.sqrt(variance_times_width / 100) * rng.standard_normal((100, 100))
            g, active = rng.standard_normal(100), rng.standard_normal(100) > 0
            factors.append(np.mean((W.T @ (active * g)) ** 2) / np.mean(g**2))
        assert np.sqrt(np.mean(factors)) == pytest.approx(relu_factor(variance_times_width), rel=0.02)


def test_a_wide_sigmoid_layers_factor_by_numerical_integration():
    z = np.linspace(-400, 400, 400_001)
    for width in (64, 1024):
        density = np.exp(-(z**2) / width) / np.sqrt(np.pi * width)
        mean = np.trapezoid((0.25 / np.cosh(z / 2) ** 2) ** 2 * density, z)
        assert wide_sigmoid_factor(width) == pytest.approx(np.sqrt(width * mean), rel=2 / width)


@pytest.mark.parametrize("variance_times_width", [0.5, 1.0, 2.0, 64.0])
def test_a_sigmoid_layers_factor_by_sending_gradients_through_wide_ones(variance_times_width):
    rng, width, squares = np.random.default_rng(6), 600, []
    a = sigmoid(rng.standard_normal(width))
    for layer in range(40):
        W = np.sqrt(variance_times_width / width) * rng.standard_normal((width, width))
        z = W @ a
        a = sigmoid(z)
        if layer >= 8:  # by then every layer passes on the same variance
            g = sigmoid_derivative(z)[:, None] * rng.standard_normal((width, 20))
            squares.append(np.mean((W.T @ g) ** 2))
    assert np.sqrt(np.mean(squares)) == pytest.approx(sigmoid_factor(variance_times_width), rel=0.03)


def test_small_weights_leave_a_quarter_of_their_deviation():
    assert sigmoid_factor(1e-6) == pytest.approx(1e-3 / 4, rel=1e-6)
    assert sigmoid_factor(1024.0) == pytest.approx(wide_sigmoid_factor(1024), rel=0.01)
