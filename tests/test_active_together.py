"""Units active at two inputs: pair by pair, and against the orthant probability of a Gaussian; the record."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from scripts.record import array, read
from snippets.active_together import active_together, expected_active_together

RECORD = read("active_together")
SETTINGS = RECORD["settings"]


def test_the_share_counted_pair_by_pair():
    active = np.random.default_rng(0).random((5, 7)) < 0.6
    pairs = [np.mean(active[i] & active[j]) for i, j in permutations(range(5), 2)]
    assert active_together(active) == pytest.approx(np.mean(pairs), rel=1e-14)


@pytest.mark.parametrize("residual", [False, True])
def test_the_expected_share_is_that_of_gaussian_pre_activations(residual: bool):
    """Layer by layer with a million pairs: the correlation of ReLU(u), ReLU(v) is the next layer's."""
    rng, c = np.random.default_rng(1), 0.0
    for share in expected_active_together(4, residual):
        cov = [[1, c], [c, 1]]
        assert share == pytest.approx(multivariate_normal([0, 0], cov).cdf([0, 0]), abs=2e-3)
        u, v = np.maximum(rng.multivariate_normal([0, 0], cov, size=1_000_000), 0).T
        of_relu = np.mean(u * v) / np.mean(u**2)
        # He's weights double E[ReLU²] = ½, so a branch weighs as much as the shortcut.
        c = (c + of_relu) / 2 if residual else of_relu


def test_record_with_bn_a_quarter_is_active_together_at_every_depth():
    for kind in ("plain_bn", "residual_bn"):
        shares = array(RECORD, f"share_{kind}").mean(axis=0)
        assert np.abs(shares - 0.25).max() < 0.005, kind


def test_record_without_bn_the_share_grows_as_in_theory():
    for kind in ("plain", "residual"):
        shares = array(RECORD, f"share_{kind}")
        expected = np.array(RECORD["measurements"][f"expected_{kind}"]["value"])
        error = shares.std(axis=0, ddof=1) / np.sqrt(len(shares))
        assert np.all(np.abs(shares.mean(axis=0) - expected)[:10] < 4 * error[:10]), kind
        assert np.all(shares.mean(axis=0)[10:] > 0.37)
        assert shares[:, 9].min() > 0.3
        for layer in SETTINGS["layers"]:
            recorded = array(RECORD, f"share_{kind}_{layer}")
            np.testing.assert_allclose(shares[:, layer - 1], recorded, rtol=1e-5)
            assert expected[layer - 1] == RECORD["measurements"][f"expected_{kind}_{layer}"]["value"]
