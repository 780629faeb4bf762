"""Gradient descent, and the quadratic loss on which it can be followed by hand."""

import numpy as np


# --8<-- [start:update]
def update(w, gradient, learning_rate):
    """One step of gradient descent: w − η ∂E/∂w. `w` and `gradient` share their shape."""
    return w - learning_rate * gradient
# --8<-- [end:update]


# --8<-- [start:quadratic]
def quadratic_loss(w, curvature):
    """E(w) = ½ λ w², with λ = `curvature` the second derivative."""
    return curvature * w**2 / 2


def quadratic_gradient(w, curvature):
    """E′(w) = λ w."""
    return curvature * w
# --8<-- [end:quadratic]


# --8<-- [start:descend]
def descend(w, gradient, learning_rate, steps):
    """The points w₀, w₁, …, w_steps that gradient descent visits; `gradient` maps w to ∂E/∂w. Shape (steps + 1, …)."""
    path = [w]
    for _ in range(steps):
        path.append(update(path[-1], gradient(path[-1]), learning_rate))
    return np.array(path)
# --8<-- [end:descend]


# --8<-- [start:limit]
def largest_learning_rate(curvature):
    """On ½λw² gradient descent converges if and only if 0 < η < 2/λ, for there each step multiplies w by 1 − ηλ."""
    return 2 / curvature
# --8<-- [end:limit]
