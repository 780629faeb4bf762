"""The Hessian of a loss in a net's parameters: its products with vectors, and its extreme eigenvalues."""

import numpy as np
import torch
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh
from torch.nn.utils import parameters_to_vector


# --8<-- [start:product]
def hessian(loss, parameters):
    """H = ∂²E/∂w² as a linear operator (size, size): Hv = ∂(vᵀ ∂E/∂w)/∂w.

    `loss` is a scalar tensor with its graph; every product differentiates the one gradient once more.
    Source: Pearlmutter 1994, "Fast exact multiplication by the Hessian", Neural Computation 6.
    """
    parameters = list(parameters)
    gradient = parameters_to_vector(torch.autograd.grad(loss, parameters, create_graph=True))

    def product(v):
        v = torch.from_numpy(np.asarray(v).ravel()).to(gradient.dtype)
        Hv = torch.autograd.grad(gradient, parameters, v, retain_graph=True)
        return torch.cat([part.flatten() for part in Hv]).double().numpy()

    return LinearOperator((len(gradient),) * 2, matvec=product, dtype=np.float64)


# --8<-- [end:product]


# --8<-- [start:extremes]
def extreme_eigenvalues(H, tolerance, restarts, rng):
    """λmin and λmax of a symmetric operator by Lanczos' method, both to about `tolerance` · λmax.

    Lanczos begins with a vector that `rng` draws. None stands for one that did not converge in so many restarts.
    λmin is sought as the largest in size of H − λmax: so it needs no more accuracy than λmax has.
    """
    start = rng.standard_normal(H.shape[0])
    options = {"k": 1, "tol": tolerance, "maxiter": restarts, "v0": start, "return_eigenvectors": False}
    try:
        largest = eigsh(H, which="LA", ncv=10, **options)[0]  # far from all others: a few products find it
    except ArpackError:
        return None, None
    shifted = LinearOperator(H.shape, matvec=lambda v: H @ v - largest * v, dtype=H.dtype)
    try:
        return largest + eigsh(shifted, which="LM", **options)[0], largest
    except ArpackError:
        return None, largest


# --8<-- [end:extremes]
