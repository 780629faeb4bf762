"""A stack of L residual blocks as the sum of its 2ᴸ paths, and how long they are.

Source: Veit, Wilber & Belongie 2016, "Residual Networks Behave Like Ensembles of Relatively Shallow
Networks", §3 and §4.
"""

from itertools import product
from math import comb

import numpy as np


# --8<-- [start:path_sum]
def path(jacobians, taken):
    """The product of Jₗ over the blocks whose branch is taken; `taken` holds 0 or 1 for each block."""
    result = np.eye(len(jacobians[0]))
    for J, through_branch in zip(jacobians, taken, strict=True):
        if through_branch:
            result = J @ result
    return result


def path_sum(jacobians):
    """∏ₗ (I + Jₗ), multiplied out: the sum over all 2ᴸ subsets of blocks."""
    return sum(path(jacobians, taken) for taken in product((0, 1), repeat=len(jacobians)))
# --8<-- [end:path_sum]


# --8<-- [start:sums_by_length]
def sums_by_length(jacobians, gradient):
    """Sₖ, k = 0 … L: the sum over all paths through exactly k branches of `gradient` sent back along the path.

    Multiplying ∏(I + t Jₗ) out as a polynomial in t costs L² products where the paths number 2ᴸ. `gradient` is
    (…, n), Jₗ (…, n, n); the result is (L + 1, …, n), and its sum over k is the whole gradient at the input.
    """
    sums = np.zeros((len(jacobians) + 1, *np.shape(gradient)))
    sums[0] = gradient
    for J in reversed(jacobians):
        sums[1:] += (sums[:-1, ..., np.newaxis, :] @ J)[..., 0, :]
    return sums
# --8<-- [end:sums_by_length]


# --8<-- [start:single_path]
def along_path(jacobians, gradient, taken):
    """`gradient`, (…, n), sent back along one path: through the branches where `taken` is true, else the shortcut."""
    for J, through_branch in zip(reversed(jacobians), reversed(taken), strict=True):
        if through_branch:
            gradient = (gradient[..., np.newaxis, :] @ J)[..., 0, :]
    return gradient
# --8<-- [end:single_path]


# --8<-- [start:path_lengths]
def share_of_paths(depth, length):
    """The share of the 2ᴸ paths that pass through k = `length` of L = `depth` branches: C(L, k) / 2ᴸ."""
    return comb(depth, length) / 2**depth


def share_of_bound(depth, length, epsilon):
    """C(L, k) εᵏ / (1 + ε)ᴸ: the share of length k in ∏(1 + ε), the most that blocks with ‖Jₗ‖ = ε pass on.

    It is the binomial with probability ε / (1 + ε) of taking a branch: small ε prefers short paths.
    """
    return comb(depth, length) * epsilon**length / (1 + epsilon) ** depth
# --8<-- [end:path_lengths]
