"""How large the signal is in a random ReLU net, layer by layer, where it overflows, and what theory expects.

Source: Hanin & Nica 2020, "Products of many large random matrices and gradients in deep neural networks", §1.
"""

import numpy as np

from snippets.activations import relu


# --8<-- [start:layers]
def layers(x, weights, residual):
    """Each layer's z: z₁ = W₁ x, then zₗ = Wₗ ReLU(zₗ₋₁), plus zₗ₋₁ if `residual`.

    x is (batch, inputs), every Wₗ (outputs, inputs); their precision is kept.
    """
    first, *others = weights
    z = x @ first.T
    yield z
    for W in others:
        z = relu(z) @ W.T + (z if residual else 0)
        yield z


# --8<-- [end:layers]


# --8<-- [start:overflow]
def overflow_layer(x, weights):
    """The first layer of an unscaled residual net that holds a number that is not finite, or None."""
    for layer, z in enumerate(layers(x, weights, residual=True), 1):
        if not np.isfinite(z).all():
            return layer


# --8<-- [end:overflow]


# --8<-- [start:typical]
def typical_factor(width, residual):
    """exp E[½ log r], r = ‖zₗ‖²/‖zₗ₋₁‖², with He's weights: a typical draw's growth per layer, to order 1/N.

    r has mean m and variance v: 1 and 5/N in a plain net; in an unscaled residual one 1 + E[ρ] and 9/N.
    E[log r] ≈ log m − v/(2m²).
    """
    shift, variance = (growth_shift() / width, 9 / width) if residual else (0, 5 / width)
    mean = 2 if residual else 1
    return np.exp((np.log(mean) + shift / mean - variance / (2 * mean**2)) / 2)


def growth_shift():
    """N (E[ρ] − 1), ρ = 2‖ReLU(z)‖²/‖z‖², in a deep unscaled residual net, N → ∞: −Σₖ t E|xy|, t = 2^(−k/2).

    x and y are standard normal with the correlation t of a component k layers apart: E|xy| = (2/π) (√(1 − t²) + t arcsin t).
    """
    t = 2.0 ** (-np.arange(1, 100) / 2)
    return -2 / np.pi * np.sum(t * (np.sqrt(1 - t**2) + t * np.arcsin(t)))


# --8<-- [end:typical]


# --8<-- [start:simulated]
def simulated_growth(width, layers, nets, rng, burn_in=20):
    """The mean of log r over the layers of random unscaled residual nets, once the start is forgotten.

    Given z, every component of W ReLU(z) is normal: no matrix is drawn. Each net runs beside its mirror image, −z with −g, whose
    ρ − 1 has nearly the opposite sign; and from log r a part is taken away whose mean is 0: both only make the mean more precise.
    """
    z = rng.standard_normal((nets, width), dtype=np.float32)
    z = np.stack([z, -z])
    found = []
    for layer in range(burn_in + layers):
        z /= np.linalg.norm(z, axis=-1, keepdims=True)
        rho = 2 * np.sum(relu(z) ** 2, axis=-1)
        g = rng.standard_normal((nets, width), dtype=np.float32)
        z = z + np.sqrt(rho / width)[..., None] * np.stack([g, -g])
        r = np.sum(z**2, axis=-1, dtype=float)
        if layer >= burn_in:
            found.append(np.mean(np.log(r) - (r - 1 - rho) / (1 + rho)))
    return np.mean(found)


# --8<-- [end:simulated]
