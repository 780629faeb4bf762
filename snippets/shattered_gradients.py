"""Gradients with respect to the input of random ReLU nets, and how alike they are at different inputs.

Source: Balduzzi et al. 2017, "The Shattered Gradients Problem: If resnets are the answer, then what is the question?".
"""

import numpy as np

from snippets.activations import relu, relu_derivative


# --8<-- [start:forward]
def forward(x, weights, residual, normalise):
    """The net's layers, from x of shape (batch, width): aₗ = ReLU(BN(aₗ₋₁)) Wₗᵀ, plus aₗ₋₁ if `residual`.

    Without `normalise` there is no BN. Returns a_L and for each layer the mask ReLU′ / deviation, (batch, width).
    """
    slopes = []
    for W in weights:
        mean, deviation = (x.mean(0), x.std(0)) if normalise else (0.0, 1.0)
        z = (x - mean) / deviation
        slopes.append(relu_derivative(z) / deviation)
        x = relu(z) @ W.T + (x if residual else 0)
    return x, slopes
# --8<-- [end:forward]


# --8<-- [start:input_gradients]
def input_gradients(slopes, weights, readout, residual):
    """∂(readout · a_L)/∂a₀ at each input of the batch, (batch, width); BN's mean and deviation are held constant."""
    g = np.broadcast_to(readout, slopes[0].shape)
    for slope, W in zip(reversed(slopes), reversed(weights), strict=True):
        g = slope * (g @ W) + (g if residual else 0)
    return g
# --8<-- [end:input_gradients]


# --8<-- [start:through_batch]
def through_the_batch(x, weights, g, residual):
    """∂(g · a_L)/∂a₀ with BN, whose mean and deviation are differentiated, too; g and the result are (…, batch, width).

    So an input's gradient holds what it does to the outputs at the other inputs of the batch.
    """
    layers = []
    for W in weights:
        deviation = x.std(0)
        z = (x - x.mean(0)) / deviation
        layers.append((z, deviation, W))
        x = relu(z) @ W.T + (x if residual else 0)
    for z, deviation, W in reversed(layers):
        of_z = relu_derivative(z) * (g @ W)
        shift, stretch = (part.mean(-2, keepdims=True) for part in (of_z, of_z * z))
        g = (of_z - shift - z * stretch) / deviation + (g if residual else 0)
    return g
# --8<-- [end:through_batch]


# --8<-- [start:correlation]
def correlation(gradients):
    """Mean over pairs of distinct inputs of gᵢ·gⱼ, over the mean of gᵢ·gᵢ. `gradients` is (batch, width).

    Not centred: over random weights the gradient's mean is 0.
    """
    count, total = len(gradients), gradients.sum(0)
    own = (gradients**2).sum()
    return (total @ total - own) / (count - 1) / own


def autocorrelation(gradients):
    """r(lag) = mean of gᵢ gᵢ₊ₗₐ over i, over the mean of gᵢ²: of shape (n,) from gradients (n,) on a regular grid."""
    n = len(gradients)
    products = np.correlate(gradients, gradients, mode="full")[n - 1 :]
    return products / np.arange(n, 0, -1) / (products[0] / n)
# --8<-- [end:correlation]


# --8<-- [start:looks_linear]
def looks_linear(W):
    """[[W, −W], [−W, W]]: ReLU(z) − ReLU(−z) = z, so a net of these layers is linear at first (Balduzzi 2017, §4)."""
    return np.block([[W, -W], [-W, W]])
# --8<-- [end:looks_linear]
