"""What the ReLU after the addition does to the shortcut: the block of 2015 against pre-activation, by depth.

Sources: He et al. 2015, "Deep Residual Learning", fig. 2, §3.4; He et al. 2016, "Identity Mappings"
(eqs 1–5, §4.1).
"""

from math import comb

import numpy as np
import torch
from torch import nn

from snippets.networks import NormalisedResidual, Residual, batch_norm


# --8<-- [start:blocks]
class PreActivation(NormalisedResidual):
    """z₀ = W₀ x, zₗ = zₗ₋₁ + Wₗ ReLU(BN(zₗ₋₁)): nothing stands after the addition."""

    def states(self, x):
        """z₀, z₁, … z_L, (seeds, batch, width) each, from x (seeds, batch, inputs)."""
        z = self.layers[0](x)
        yield z
        for layer in self.layers[1:]:
            z = z + self.branch(layer, z)
            yield z


class ReluAfterAddition(Residual):
    """z₀ = ReLU(BN(W₀ x)), zₗ = ReLU(zₗ₋₁ + γₗ BN(Wₗ zₗ₋₁) + βₗ).

    The block of 2015 with a branch of one layer; γ = 1 and β = 0 at first.
    """

    def __init__(self, inputs, width, classes, depth, activation, variance, generators):
        super().__init__(inputs, width, classes, depth, activation, variance, generators)
        self.gains = nn.ParameterList(nn.Parameter(torch.ones_like(layer.bias)) for layer in self.layers[1:])

    def states(self, x):
        """z₀, z₁, … z_L, (seeds, batch, width) each, from x (seeds, batch, inputs)."""
        z = self.activation(batch_norm(self.layers[0](x)))
        yield z
        for layer, gain in zip(self.layers[1:], self.gains, strict=True):
            # BN subtracts what a bias before it adds, so the layer's bias serves as β behind it.
            F = torch.addcmul(layer.bias, gain, batch_norm(z @ layer.weight.mT))
            z = self.activation(z + F)
            yield z

    def forward(self, x):
        *_, z = self.states(x)
        return self.readout(z)


# --8<-- [end:blocks]


# --8<-- [start:never_positive]
def never_positive(steps):
    """C(2n, n) / 4ⁿ: the probability that no partial sum S₁ … Sₙ of n independent steps is positive.

    The steps are independent and have one law, symmetric about 0 and continuous (no sum is 0); which one does
    not matter. About 1/√(πn) for large n.
    Feller 1971, "An Introduction to Probability Theory…", vol. II, ch. XII.
    """
    return comb(2 * steps, steps) / 4**steps


# --8<-- [end:never_positive]


# --8<-- [start:left]
def left_of_plus_one(first, last):
    """⟨g, g_L⟩ / ⟨g_L, g_L⟩: the multiple of the last block's gradient g_L contained in the first's, g.

    (seeds, batch, width) each, (seeds,) out. With random weights every path but that of all shortcuts turns
    g_L in a random direction, so the shortcuts' share stays aligned: 1 for ∏ I, and for ∏ Dₗ the share of
    rows that are all 1.
    """
    return (first * last).flatten(1).sum(1) / (last * last).flatten(1).sum(1)


# --8<-- [end:left]


# --8<-- [start:narrow]
def added_by_width(width, blocks, images, batch, rng):
    """By how much tr M / N exceeds the share of rows that no ReLU sets to 0, after 0, 1, … `blocks` blocks of N units.

    A sum F = W c / σ, c being z minus its mean, tells of W that its part along c is σ F cᵀ / |c|². All else of W stays
    random. So on average a block's Jacobian is D (I + F cᵀ / |c|²): one direction of N is not turned at random. BN,
    whose statistics depend on z, too, takes a share (1 + F²) / batch of it back. M is the product of these and of
    the first ReLU's D; the walks F are simulated, and the mean over images is returned.
    """
    F = rng.standard_normal((images, width))
    z = np.maximum(F, 0)
    M, unbroken = (F > 0)[:, :, None] * np.eye(width), F > 0
    added = [0.0]
    for _ in range(blocks):
        c = z - z.mean()
        size = (c * c).sum(1, keepdims=True)
        F = rng.standard_normal((images, width)) * np.sqrt(size / size.mean())
        M += (F * (1 - (1 + F * F) / batch))[:, :, None] * ((c / size)[:, None] @ M)
        z = np.maximum(z + F, 0)
        M *= (z > 0)[:, :, None]
        unbroken &= z > 0
        added.append(np.trace(M, axis1=1, axis2=2).mean() / width - unbroken.mean())
    return np.array(added)


# --8<-- [end:narrow]
