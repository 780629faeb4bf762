"""How often two inputs find the same unit active: what the textbook rates of shattering assume to be one quarter.

Source: Balduzzi et al. 2017, "The Shattered Gradients Problem", §3; Cho & Saul 2009, "Kernel Methods for Deep Learning", eq. 6.
"""

import numpy as np

from snippets.gradient_correlation import kappa0, kappa1


# --8<-- [start:share]
def active_together(active):
    """The mean, over pairs of distinct inputs, of the share of units active at both: `active` is (batch, width), 1 or 0."""
    batch = len(active)
    count = active.sum(0)  # of k inputs that a unit is active at, k(k − 1) ordered pairs
    return np.mean(count * (count - 1)) / (batch * (batch - 1))
# --8<-- [end:share]


# --8<-- [start:expected]
def expected_active_together(depth, residual):
    """P(both active) = κ₀(c) / 2 in the first `depth` layers, (depth,), in wide nets without BN; inputs begin uncorrelated.

    c is the inputs' correlation: c ← κ₁(c), or (c + κ₁(c))/2 with a shortcut. With BN it stays 0, and the share ¼.
    """
    shares, c = [], 0.0
    for _ in range(depth):
        shares.append(kappa0(c) / 2)
        c = (c + kappa1(c)) / 2 if residual else kappa1(c)
    return np.array(shares)
# --8<-- [end:expected]
