"""The real data of the site: 1,797 images of handwritten digits, 8×8 pixels, that ship with scikit-learn.

Source: Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def digits(rng):
    """Training and test images, (1437, 64) and (360, 64), and their labels 0 … 9, split by class as `rng`, a NumPy Generator, draws.

    Pixels are standardised by the training set's mean and deviation over all pixels: one number each.
    """
    images, labels = load_digits(return_X_y=True)
    draw = int(rng.integers(2**32))
    train_x, test_x, train_y, test_y = train_test_split(images, labels, test_size=360, random_state=draw, stratify=labels)
    mean, deviation = train_x.mean(), train_x.std()
    standardised = [((x - mean) / deviation).astype(np.float32) for x in (train_x, test_x)]
    return standardised[0], train_y, standardised[1], test_y


def splits(rngs):
    """A split of its own for each seed: images (seeds, 1437, 64) and (seeds, 360, 64), labels (seeds, 1437) and (seeds, 360)."""
    train_x, train_y, test_x, test_y = zip(*map(digits, rngs), strict=True)
    return np.stack(train_x), np.stack(train_y), np.stack(test_x), np.stack(test_y)
