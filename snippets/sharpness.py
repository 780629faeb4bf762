"""Sharpness that does not depend on how the weights of a function are scaled.

Sources: Kwon et al. 2021, "ASAM", §3 (sharpness within |ε / w| ≤ ρ); Andriushchenko et al. 2023, "A Modern Look
at the Relationship between Sharpness and Generalization", §3 (its limit for small ρ, by the Hessian); Dinh et al.
2017, "Sharp Minima Can Generalize For Deep Nets" (why λmax alone depends on the scale).
"""

import numpy as np
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh
from torch.nn.utils import parameters_to_vector


# --8<-- [start:relative]
def relative(H, parameters):
    """diag(w) H diag(w): the Hessian of E(w ⊙ (1 + t)) in t, at t = 0. H is an operator, as `hessian` makes it.

    If w ↦ c ⊙ w leaves the function as it is, then H ↦ diag(1/c) H diag(1/c), and the c cancel.
    """
    w = parameters_to_vector(parameters).detach().double().numpy()
    return LinearOperator(H.shape, matvec=lambda v: w * (H @ (w * np.ravel(v))), dtype=np.float64)


# --8<-- [end:relative]


def largest_eigenvalue(H, tolerance, restarts, rng):
    """λmax of a symmetric operator by Lanczos' method, which begins with what `rng` draws; None if not converged."""
    start = rng.standard_normal(H.shape[0])
    options = {"k": 1, "ncv": 10, "tol": tolerance, "maxiter": restarts, "v0": start}
    try:
        return float(eigsh(H, which="LA", return_eigenvectors=False, **options)[0])
    except ArpackError:
        return None
