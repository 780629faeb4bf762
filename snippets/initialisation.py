"""Random initial weights: the variance of each weight of a layer with `inputs` inputs and `outputs` outputs."""

import numpy as np


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
