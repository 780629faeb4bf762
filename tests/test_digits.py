"""The digits: all of scikit-learn's images, split by each seed, standardised by the training set."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from snippets.digits import digits, splits


@pytest.fixture
def split():
    return digits(np.random.default_rng(0))


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


def test_classes_are_balanced_alike_and_the_generator_decides_the_split(split):
    _, train_y, _, test_y = split
    shares = [np.bincount(y, minlength=10) / len(y) for y in (train_y, test_y)]
    np.testing.assert_allclose(*shares, atol=0.003)
    again, other = (digits(np.random.default_rng(seed)) for seed in (0, 1))
    for first, second in zip(split, again, strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(split[1], other[1])
    # Two independent splits share a fifth of their test images, give or take a few.
    shared = {tuple(row) for row in np.rint(split[2] * 1e3)} & {tuple(row) for row in np.rint(other[2] * 1e3)}
    assert len(shared) < 120


def test_splits_are_each_generators_own(split):
    stacked = splits([np.random.default_rng(seed) for seed in (1, 0)])
    assert [part.shape for part in stacked] == [(2, 1437, 64), (2, 1437), (2, 360, 64), (2, 360)]
    for part, alone in zip(stacked, split, strict=True):
        np.testing.assert_array_equal(part[1], alone)
