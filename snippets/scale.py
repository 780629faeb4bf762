"""The variance of a residual net's activations by depth, at initialisation, and what keeps it in check.

Sources: He et al. 2015, "Delving deep into rectifiers", eq. 10; Zhang et al. 2019, "Fixup Initialization", §2;
De & Smith 2020, "Batch Normalization Biases Residual Blocks Towards the Identity Function", §3.
"""

import numpy as np

from snippets.activations import relu


# --8<-- [start:second_moments]
def second_moments(x, weights, scale, shortcut, normalise):
    """Mean of xₗ² over batch and features, l = 0 … L, of xₗ = shortcut · xₗ₋₁ + scale · Wₗ ReLU(BN(xₗ₋₁)).

    `x` is (batch, width), the weights (width, width); without `normalise` there is no BN; `shortcut` is 1 or 0.
    """
    moments = [np.mean(x**2)]
    for W in weights:
        z = (x - x.mean(0)) / x.std(0) if normalise else x
        x = shortcut * x + scale * relu(z) @ W.T
        moments.append(np.mean(x**2))
    return np.array(moments)
# --8<-- [end:second_moments]


# --8<-- [start:theory]
def expected_second_moment(depth, scale, normalise):
    """With He's weights a branch has, in expectation, the second moment of its input, or 1 behind BN; from 1 at depth 0.

    So xₗ = xₗ₋₁ + αF gives (1 + α²)ᴸ: 2ᴸ for α = 1, below e for α = 1/√L, 1 for α = 0; and 1 + α²L with BN.
    """
    return 1 + scale**2 * depth if normalise else (1 + scale**2) ** depth
# --8<-- [end:theory]
