"""The gradient on its way back through layers with and without a shortcut, layer by layer.

Sources: Rumelhart, Hinton & Williams 1986, "Learning representations by back-propagating errors";
He et al. 2016, "Identity Mappings in Deep Residual Networks", eqs 1 and 5.
"""

import numpy as np

from snippets.activations import DERIVATIVE


# --8<-- [start:layers]
def layers(x, weights, activation, shortcut):
    """zₗ = aₗ₋₁ Wₗᵀ, aₗ = s aₗ₋₁ + φ(zₗ), with s = `shortcut`, 1 or 0. Returns the list of zₗ, l = 1 … n.

    `x` is (batch, width), every Wₗ (width, width).
    """
    z = []
    for W in weights:
        z.append(x @ W.T)
        x = shortcut * x + activation(z[-1])
    return z


# --8<-- [end:layers]


# --8<-- [start:backward_product]
def backward_product(z, weights, output_gradient, activation, shortcut):
    """From ∂E/∂aₙ, (batch, width), back by ∂E/∂aₗ₋₁ = s ∂E/∂aₗ + (φ′(zₗ) ∂E/∂aₗ) Wₗ.

    Returns ‖∂E/∂aₗ‖, the norm over batch and width, for l = 1 … n.
    """
    gradients = [output_gradient]
    for z_l, W in zip(reversed(z[1:]), reversed(weights[1:]), strict=True):
        through_branch = (DERIVATIVE[activation](z_l) * gradients[-1]) @ W
        gradients.append(shortcut * gradients[-1] + through_branch)
    return np.linalg.norm(gradients[::-1], axis=(1, 2))


# --8<-- [end:backward_product]
