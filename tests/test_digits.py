"""The digits: all of scikit-learn's images, split once, standardised by the training set."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from snippets.digits import digits


@pytest.fixture
def split():
    return digits()


def test_split_holds_every_image_once(split):
    train_x, train_y, test_x, test_y = split
    assert (train_x.shape, test_x.shape) == ((1437, 64), (360, 64))
    assert (train_y.shape, test_y.shape) == ((1437,), (360,))
    images, labels = load_digits(return_X_y=True)
    # Pixels are whole numbers 0 … 16: that undoes the standardisation.
    lowest, highest = train_x.min(), train_x.max()
    rows = [np.rint((x - lowest) * 16 / (highest - lowest)) for x in (train_x, test_x)]
    ours = np.column_stack([np.vstack(rows), np.concatenate([train_y, test_y])])
    theirs = np.column_stack([images, labels])
    np.testing.assert_array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])


def test_training_set_alone_sets_the_scale(split):
    train_x, _, test_x, _ = split
    assert train_x.dtype == test_x.dtype == np.float32
    assert train_x.mean(dtype=float) == pytest.approx(0, abs=1e-6)
    assert train_x.std(dtype=float) == pytest.approx(1, rel=1e-6)
    assert test_x.mean(dtype=float) != pytest.approx(0, abs=1e-6)


def test_classes_are_balanced_alike_and_the_split_is_fixed(split):
    _, train_y, _, test_y = split
    shares = [np.bincount(y, minlength=10) / len(y) for y in (train_y, test_y)]
    np.testing.assert_allclose(*shares, atol=0.003)
    for first, second in zip(split, digits(), strict=True):
        np.testing.assert_array_equal(first, second)
