"""Activation functions and their derivatives, elementwise on NumPy arrays of any shape."""

import numpy as np


# --8<-- [start:sigmoid]
def sigmoid(z):
    """σ(z) = 1 / (1 + e⁻ᶻ), in (0, 1)."""
    return 1 / (1 + np.exp(-z))
# --8<-- [end:sigmoid]


# --8<-- [start:sigmoid_derivative]
def sigmoid_derivative(z):
    """σ′(z) = σ(z)(1 − σ(z)), at most 1/4."""
    s = sigmoid(z)
    return s * (1 - s)
# --8<-- [end:sigmoid_derivative]


def tanh(z):
    """tanh(z), in (−1, 1)."""
    return np.tanh(z)


def tanh_derivative(z):
    """tanh′(z) = 1 − tanh²(z), at most 1."""
    return 1 - np.tanh(z) ** 2


# --8<-- [start:relu]
def relu(z):
    """max(0, z)."""
    return np.maximum(z, 0)


def relu_derivative(z):
    """1 where z > 0, else 0. At z = 0 there is no derivative; 0 is the usual choice (a subgradient)."""
    return np.where(z > 0, 1.0, 0.0)
# --8<-- [end:relu]


DERIVATIVE = {sigmoid: sigmoid_derivative, tanh: tanh_derivative, relu: relu_derivative}
