"""What theory says of the correlation of gradients between two inputs, by depth: textbook rates and mean field.

Every rate is a product over layers: in a wide net with independent weights, a gradient's products between two inputs
and with itself are each multiplied by a number per layer. The inputs begin uncorrelated.
Sources: Balduzzi et al. 2017, theorems 1–3; Cho & Saul 2009, "Kernel Methods for Deep Learning", eq. 6 (κ₀, κ₁).
"""

import numpy as np


# --8<-- [start:kernels]
def kappa0(c):
    """2 P(both units active) for Gaussian pre-activations of correlation c: ½ at c = 0, 1 at c = 1."""
    return 1 - np.arccos(c) / np.pi


def kappa1(c):
    """The correlation (not centred) of ReLU(u) and ReLU(v), for Gaussian u, v of correlation c."""
    return (np.sqrt(1 - c**2) + c * (np.pi - np.arccos(c))) / np.pi
# --8<-- [end:kernels]


# --8<-- [start:textbook]
def textbook(depth, residual, normalise):
    """Balduzzi's rates: 2⁻ᴸ for plain nets, (¾)ᴸ for residual nets, ∏ (l + ½)/(l + 1) ≈ 1/√L with BN (up to a constant).

    They take a quarter of all pairs of units to be active together, at every depth.
    """
    layers = np.arange(1, depth + 1)
    if not residual:
        return 0.5**depth
    return np.prod((layers + 0.5) / (layers + 1)) if normalise else 0.75**depth
# --8<-- [end:textbook]


# --8<-- [start:mean_field]
def mean_field(depth, residual):
    """Without BN: ReLU draws inputs together, c ← κ₁(c), or (c + κ₁(c))/2 with a shortcut, and κ₀(c) grows with c."""
    c, rate = 0.0, 1.0
    for _ in range(depth):
        rate *= (1 + kappa0(c)) / 2 if residual else kappa0(c)
        c = (c + kappa1(c)) / 2 if residual else kappa1(c)
    return rate


def mean_field_normalised(depth):
    """Residual, with BN: as Balduzzi's, but BN divides by the deviation over the batch, to which a branch adds 1 − 1/π.

    ReLU of a unit Gaussian has second moment ½ and mean 1/√(2π): of the ½, 1/(2π) is the same for all inputs. So after
    l blocks the variance is v = 1 + l(1 − 1/π), and gradients decay as L to the power −π/(2(π − 1)) = −0.73.
    """
    variance = 1 + np.arange(depth) * (1 - 1 / np.pi)
    return np.prod((1 + 0.5 / variance) / (1 + 1 / variance))
# --8<-- [end:mean_field]
