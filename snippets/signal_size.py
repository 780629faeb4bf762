"""How large the signal is in a random ReLU net, layer by layer, where it overflows, and what theory expects.

Source: Hanin & Nica 2020, "Products of many large random matrices and gradients in deep neural networks", §1.
"""

import numpy as np

from snippets.activations import relu


# --8<-- [start:layers]
def layers(x, weights, residual):
    """Each layer's z: z₁ = W₁ x, then zₗ = Wₗ ReLU(zₗ₋₁), plus zₗ₋₁ if `residual`.

    x is (batch, inputs), every Wₗ (outputs, inputs); their precision is kept.
    """
    first, *others = weights
    z = x @ first.T
    yield z
    for W in others:
        z = relu(z) @ W.T + (z if residual else 0)
        yield z


# --8<-- [end:layers]


# --8<-- [start:overflow]
def overflow_layer(x, weights):
    """The first layer of an unscaled residual net that holds a number that is not finite, or None."""
    for layer, z in enumerate(layers(x, weights, residual=True), 1):
        if not np.isfinite(z).all():
            return layer


# --8<-- [end:overflow]


# --8<-- [start:typical]
def typical_factor(width, residual):
    """exp E[½ log r], r = ‖zₗ‖²/‖zₗ₋₁‖², with He's weights: a typical draw's growth per layer, to order 1/N.

    r has mean m = 1 and variance v = 5/N in a plain net, 2 and 9/N in an unscaled residual one;
    E[log r] ≈ log m − v/(2m²).
    """
    mean, variance = (2, 9 / width) if residual else (1, 5 / width)
    return np.exp((np.log(mean) - variance / (2 * mean**2)) / 2)


# --8<-- [end:typical]
