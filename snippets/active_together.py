"""How often two inputs find the same unit active: the textbook rates of shattering assume one quarter.

Sources: Balduzzi et al. 2017, "The Shattered Gradients Problem", §3; Cho & Saul 2009, "Kernel Methods for
Deep Learning", eq. 6.
"""

import numpy as np

from snippets.gradient_correlation import kappa0, kappa1


# --8<-- [start:share]
def active_together(active):
    """The share of units active at both of two distinct inputs. `active` is (batch, width), 1 or 0."""
    batch = len(active)
    count = active.sum(0)  # of k inputs that a unit is active at, k(k − 1) ordered pairs
    return np.mean(count * (count - 1)) / (batch * (batch - 1))


# --8<-- [end:share]


# --8<-- [start:expected]
def expected_active_together(depth, residual):
    """P(both active) = κ₀(c) / 2 in the first `depth` layers of wide nets without BN: (depth,).

    c is the correlation of two inputs, 0 at first: c ← κ₁(c), or (c + κ₁(c))/2 with a shortcut. With BN it
    stays 0, and the share ¼.
    """
    shares, c = [], 0.0
    for _ in range(depth):
        shares.append(kappa0(c) / 2)
        c = (c + kappa1(c)) / 2 if residual else kappa1(c)
    return np.array(shares)


# --8<-- [end:expected]
