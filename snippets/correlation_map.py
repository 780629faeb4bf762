"""How alike two images still are after a layer of a wide plain net with BN: ReLU's map of correlations.

Source: Cho & Saul 2009, "Kernel methods for deep learning", eq. 6 (n = 1), with the mean taken off as BN does.
"""

import numpy as np


# --8<-- [start:correlation_map]
def correlation_after_relu(c):
    """The correlation of ReLU(u) and ReLU(v), where u and v are standard normal numbers with the correlation c."""
    c = np.asarray(c, float)
    product = (np.sqrt(1 - c**2) + c * (np.pi - np.arccos(c))) / (2 * np.pi)  # mean of ReLU(u) ReLU(v)
    mean, square = 1 / np.sqrt(2 * np.pi), 1 / 2  # of ReLU(u), and of its square
    return (product - mean**2) / (square - mean**2)


def correlation_after(layers, c):
    """After that many layers; layer by layer it shrinks, small ones by π / (2(π − 1)) ≈ 0.73 each."""
    for _ in range(layers):
        c = correlation_after_relu(c)
    return c
# --8<-- [end:correlation_map]
