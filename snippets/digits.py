"""The real data of the site: 1,797 images of handwritten digits, 8×8 pixels, that ship with scikit-learn.

Source: Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def digits():
    """Training and test images, (1437, 64) and (360, 64), and their labels 0 … 9, split by class with a fixed seed.

    Pixels are standardised by the training set's mean and deviation over all pixels: one number each.
    """
    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(images, labels, test_size=360, random_state=0, stratify=labels)
    mean, deviation = train_x.mean(), train_x.std()
    standardised = [((x - mean) / deviation).astype(np.float32) for x in (train_x, test_x)]
    return standardised[0], train_y, standardised[1], test_y
