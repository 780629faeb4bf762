"""Random initial weights: the variance of each weight of a layer with `inputs` inputs and `outputs` outputs."""

import numpy as np

from snippets.activations import sigmoid, sigmoid_derivative


# --8<-- [start:xavier]
def xavier(inputs, outputs):
    """Variance 2 / (inputs + outputs). Glorot & Bengio 2010, "Understanding the difficulty…", eq. 12 (as a Gaussian)."""
    return 2 / (inputs + outputs)


def he(inputs, outputs):
    """Variance 2 / inputs. He et al. 2015, "Delving deep into rectifiers", eq. 10."""
    return 2 / inputs


def standard(inputs, outputs):
    """Variance 1, whatever the width: weights drawn from N(0, 1)."""
    return 1.0
# --8<-- [end:xavier]


def gaussian_weights(depth, width, variance, rng):
    """`depth` square matrices (width, width) with entries from N(0, variance(width, width)); `rng` a NumPy Generator."""
    deviation = np.sqrt(variance(width, width))
    return [deviation * rng.standard_normal((width, width)) for _ in range(depth)]


# --8<-- [start:factors]
def relu_factor(variance_times_width):
    """√(½ N v): what one ReLU layer with N inputs and weights of variance v multiplies the root mean square gradient by.

    N weights of variance v come together, and half of the units pass the gradient on. He et al. 2015, eq. 14.
    """
    return np.sqrt(variance_times_width / 2)


def wide_sigmoid_factor(width):
    """(√N / 6√π)^½: the same for a sigmoid layer of width N with weights from N(0, 1), N large.

    z ~ N(0, N/2), since about half of the activations are near 1 and the rest near 0, and ∫σ′(z)² dz = 1/6; so
    N · E[σ′(z)²] ≈ N · (1/6) / √(2π · N/2).
    """
    return np.sqrt(np.sqrt(width) / (6 * np.sqrt(np.pi)))


def sigmoid_factor(variance_times_width):
    """√(N v E[σ′(z)²]): the same for wide sigmoid layers with weights of variance v, where z ~ N(0, q) and q = N v E[σ(z)²].

    Every layer passes on the same variance q. Schoenholz et al. 2017, "Deep Information Propagation".
    """
    u = np.linspace(-10, 10, 4001)
    density = np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi) * (u[1] - u[0])
    q = 1.0
    for _ in range(200):
        q = variance_times_width * np.sum(sigmoid(np.sqrt(q) * u) ** 2 * density)
    return np.sqrt(variance_times_width * np.sum(sigmoid_derivative(np.sqrt(q) * u) ** 2 * density))
# --8<-- [end:factors]
