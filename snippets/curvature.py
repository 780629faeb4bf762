"""Two things called curvature: the second derivative in the input, and the Hessian of the loss in the weights.

The first is what a formula for one block speaks of; the second is what a picture of a loss landscape shows.
"""

import numpy as np
import torch


# --8<-- [start:compose]
def compose(depth, x, slope, shortcut):
    """f applied `depth` times to x, f(x) = `shortcut` · x + `slope` · tanh(x): value, first and second derivative.

    By (g∘f)′ = g′f′ and (g∘f)″ = g″f′² + g′f″, block by block; `x` is an array of any shape.
    """
    y, first, second = x, np.ones_like(x), np.zeros_like(x)
    for _ in range(depth):
        t = np.tanh(y)
        g1 = shortcut + slope * (1 - t**2)
        g2 = -2 * slope * t * (1 - t**2)
        y, first, second = shortcut * y + slope * t, g1 * first, g2 * first**2 + g1 * second
    return y, first, second
# --8<-- [end:compose]


# --8<-- [start:top_eigenvalue]
def top_eigenvalue(loss, weights):
    """λmax of the exact Hessian of `loss`, a function of one flat tensor, at `weights` of shape (count,)."""
    return torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, weights))[-1].item()
# --8<-- [end:top_eigenvalue]


# --8<-- [start:rescaled]
def rescaled_pair(c):
    """Weights of the linear net y = w₂ w₁ x for y = x: w₁ = c, w₂ = 1/c. Every c gives the same function, y″ = 0.

    With E = ½ mean (y − x)² and mean x² = 1, the Hessian in (w₁, w₂) has λmax = c² + 1/c² (Dinh et al. 2017).
    """
    return torch.tensor([c, 1 / c], dtype=torch.float64)
# --8<-- [end:rescaled]
