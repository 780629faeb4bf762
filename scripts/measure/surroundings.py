"""What is read off around a trained net: its Hessian's extremes, and the surface over a plane."""

import numpy as np


def images(count: int, x, labels, rng: np.random.Generator):
    """`count` distinct images and their labels, which `rng` draws: a landscape is one of the images it is taken over."""
    some = rng.permutation(len(x))[:count]
    return x[some], labels[some]


def extremes(settings: dict, net, x, labels, rng: np.random.Generator) -> dict[str, float | None]:
    """The smallest and largest eigenvalue of the Hessian of the loss over `x`, in all weights; None where Lanczos did not converge.

    Lanczos begins with a vector that `rng` draws.
    """
    from torch.nn.functional import cross_entropy

    from snippets.hessian import extreme_eigenvalues, hessian

    H = hessian(cross_entropy(net(x), labels), net.parameters())
    smallest, largest = extreme_eigenvalues(H, settings["lanczos_tolerance"], settings["lanczos_restarts"], rng)
    return {"lambda_min": smallest, "lambda_max": largest}


def read_off(settings: dict, E: np.ndarray, reach: float = 1.0) -> dict[str, float]:
    """Local minima and the share of non-convex points of a surface over [−reach, reach]²."""
    from snippets.loss_landscape import local_minima, nonconvex_share

    step = 2 * reach / (len(E) - 1)
    return {
        "minima": local_minima(E),
        "nonconvex_share": nonconvex_share(E, step, settings["nonconvex_threshold"]),
    }


def four_digits(value):
    """Surfaces are drawn, not computed with: four digits are finer than a contour's line."""
    if not isinstance(value, np.ndarray):
        return value
    return [four_digits(row) if isinstance(row, np.ndarray) else float(f"{row:.4g}") for row in value]
