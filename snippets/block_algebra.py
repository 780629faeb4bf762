"""The derivative of one residual block, of a stack of them, and where the shortcut's "+ 1" does not help.

Source: He et al. 2016, "Identity Mappings in Deep Residual Networks", eqs 1–8.
"""

import numpy as np

from snippets.activations import relu, relu_derivative


# --8<-- [start:branch]
def branch(x, W1, W2):
    """F(x) = W₂ ReLU(W₁ x), with x of shape (n,), W₁ (m, n) and W₂ (n, m)."""
    return W2 @ relu(W1 @ x)


def branch_jacobian(x, W1, W2):
    """J = ∂F/∂x = W₂ diag(ReLU′(W₁ x)) W₁, of shape (n, n)."""
    return W2 @ (relu_derivative(W1 @ x)[:, np.newaxis] * W1)
# --8<-- [end:branch]


# --8<-- [start:block_jacobian]
def block_jacobian(J):
    """Of y = x + F(x), the block with nothing after the addition: ∂y/∂x = I + J (He 2016, eq. 4)."""
    return np.eye(len(J)) + J


def block_jacobian_2015(J, mask):
    """Of y = ReLU(x + F(x)), the block of He 2015: D (I + J), D = diag(mask), 1 where x + F(x) > 0, else 0."""
    return mask[:, np.newaxis] * (np.eye(len(J)) + J)
# --8<-- [end:block_jacobian]


# --8<-- [start:stack_jacobian]
def stack_jacobian(jacobians, shortcut=1.0):
    """∏ₗ (λI + Jₗ), the last block leftmost; λ = `shortcut` scales every shortcut (He 2016, eq. 6).

    Where all Jₗ = 0 it is λᴸ I: a shortcut with λ < 1 vanishes by itself, one with λ > 1 explodes.
    """
    product = np.eye(len(jacobians[0]))
    for J in jacobians:
        product = (shortcut * np.eye(len(J)) + J) @ product
    return product
# --8<-- [end:stack_jacobian]


# --8<-- [start:bounds]
def gain_bounds(norms):
    """If ‖Jₗ‖₂ = εₗ < 1 for every l: ∏(1 − εₗ) ≤ ‖∏(I + Jₗ) v‖ / ‖v‖ ≤ ∏(1 + εₗ), for every v ≠ 0."""
    return np.prod(1 - np.asarray(norms)), np.prod(1 + np.asarray(norms))
# --8<-- [end:bounds]


# --8<-- [start:steps]
def gain_of_steps(sizes, cosines):
    """‖∏(I + Jₗ) v‖ / ‖v‖ = √∏(1 + 2 sₗ cₗ + sₗ²): block l adds to v a step sₗ times as long, whose cosine to v is cₗ.

    cₗ = 0, steps at right angles, gives √∏(1 + sₗ²), in the mean square the gain of branches drawn independently with
    mean 0; cₗ = 1, steps that all point along v, gives ∏(1 + sₗ), the upper bound.
    """
    sizes, cosines = np.asarray(sizes), np.asarray(cosines)
    return np.sqrt(np.prod(1 + 2 * sizes * cosines + sizes**2, axis=0))
# --8<-- [end:steps]
