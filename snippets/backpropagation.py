"""Backpropagation written out: through a chain of single units, and through layers of units.

Source: Rumelhart, Hinton & Williams 1986, "Learning representations by back-propagating errors", Nature 323.
"""

import numpy as np

from snippets.activations import DERIVATIVE, sigmoid, sigmoid_derivative


# --8<-- [start:chain]
def chain(x, weights):
    """The chain zₗ = wₗ aₗ₋₁, aₗ = σ(zₗ), a₀ = x. Returns z₁ … zₙ and a₀ … aₙ, arrays of shape (n,) and (n + 1,)."""
    a, z = [x], []
    for w in weights:
        z.append(w * a[-1])
        a.append(sigmoid(z[-1]))
    return np.array(z), np.array(a)


def chain_loss(x, weights, target):
    """E = ½ (aₙ − t)²."""
    return (chain(x, weights)[1][-1] - target) ** 2 / 2
# --8<-- [end:chain]


# --8<-- [start:chain_gradient]
def chain_gradient(x, weights, target):
    """∂E/∂w₁ = (aₙ − t) · ∏ₗ₌₁ⁿ σ′(zₗ) · ∏ₗ₌₂ⁿ wₗ · x: n factors σ′, but n − 1 factors w."""
    z, a = chain(x, weights)
    return (a[-1] - target) * np.prod(sigmoid_derivative(z)) * np.prod(weights[1:]) * x
# --8<-- [end:chain_gradient]


# --8<-- [start:backward_factor]
def backward_factor(z, w):
    """|σ′(z) w|, by which a gradient is multiplied when it passes one sigmoid unit backwards."""
    return np.abs(sigmoid_derivative(z) * w)
# --8<-- [end:backward_factor]


# --8<-- [start:central_difference]
def central_difference(f, x, h):
    """(f(x + h) − f(x − h)) / 2h ≈ f′(x), with an error of order h². `x` is a number."""
    return (f(x + h) - f(x - h)) / (2 * h)
# --8<-- [end:central_difference]


# --8<-- [start:forward]
def forward(x, weights, activation):
    """zₗ = aₗ₋₁ Wₗᵀ, aₗ = φ(zₗ). `x` is (batch, inputs), Wₗ is (outputs, inputs); the lists of zₗ (l ≥ 1) and aₗ (l ≥ 0)."""
    a, z = [x], []
    for W in weights:
        z.append(a[-1] @ W.T)
        a.append(activation(z[-1]))
    return z, a
# --8<-- [end:forward]


# --8<-- [start:backward]
def backward(z, a, weights, output_gradient, activation):
    """From ∂E/∂aₙ of shape (batch, outputs), layer by layer: ∂E/∂zₗ = φ′(zₗ) ∂E/∂aₗ, ∂E/∂Wₗ = (∂E/∂zₗ)ᵀ aₗ₋₁ and
    ∂E/∂aₗ₋₁ = ∂E/∂zₗ Wₗ. Returns the lists of ∂E/∂Wₗ and of ∂E/∂aₗ, l = 1 … n."""
    derivative = DERIVATIVE[activation]
    weight_gradients, activation_gradients = [], [output_gradient]
    for z_l, a_below, W in zip(reversed(z), reversed(a[:-1]), reversed(weights), strict=True):
        dz = derivative(z_l) * activation_gradients[-1]
        weight_gradients.append(dz.T @ a_below)
        activation_gradients.append(dz @ W)
    return weight_gradients[::-1], activation_gradients[-2::-1]
# --8<-- [end:backward]
