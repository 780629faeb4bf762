"""The gradient on its way back: against autograd, and without a shortcut against the plain backward pass."""

import numpy as np
import pytest
import torch

from snippets.activations import relu, sigmoid, tanh
from snippets.backpropagation import backward, forward
from snippets.backward_product import backward_product, layers

TORCH = {sigmoid: torch.sigmoid, tanh: torch.tanh, relu: torch.relu}


@pytest.fixture
def net():
    rng = np.random.default_rng(0)
    x, gradient = rng.standard_normal((2, 4, 6))
    return x, gradient, list(rng.standard_normal((7, 6, 6)) / 6**0.5)


@pytest.mark.parametrize("activation", TORCH, ids=lambda activation: activation.__name__)
@pytest.mark.parametrize("shortcut", [0, 1])
def test_against_autograd(net, activation, shortcut: int) -> None:
    x, gradient, weights = net
    a, kept = torch.from_numpy(x), []
    for W in weights:
        a = shortcut * a + TORCH[activation](a @ torch.from_numpy(W).T)
        a.requires_grad_()
        a.retain_grad()
        kept.append(a)
    (a * torch.from_numpy(gradient)).sum().backward()
    expected = [a.grad.norm().item() for a in kept]
    z = layers(x, weights, activation, shortcut)
    found = backward_product(z, weights, gradient, activation, shortcut)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("activation", TORCH, ids=lambda activation: activation.__name__)
def test_without_a_shortcut_it_is_the_plain_nets(net, activation) -> None:
    x, gradient, weights = net
    z, a = forward(x, weights, activation)
    of_activations = backward(z, a, weights, gradient, activation)[1]
    norms = backward_product(layers(x, weights, activation, 0), weights, gradient, activation, 0)
    assert norms == pytest.approx([np.linalg.norm(g) for g in of_activations], rel=1e-12)


def test_layers_without_weights_are_an_error(net) -> None:
    x, gradient, weights = net
    with pytest.raises(ValueError):
        backward_product(layers(x, weights, relu, 1), weights[1:], gradient, relu, 1)
