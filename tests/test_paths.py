"""Paths against brute force, Veit's figure against the binomial; the record's expansion and lengths."""

import numpy as np
import pytest

from scripts.record import array, centre, read
from snippets.block_algebra import stack_jacobian
from snippets.paths import along_path, path, path_sum, share_of_bound, share_of_paths, sums_by_length

RECORD = read("paths")


@pytest.fixture
def jacobians():
    return np.random.default_rng(0).standard_normal((5, 3, 3))


def test_the_product_is_the_sum_over_paths(jacobians):
    np.testing.assert_allclose(path_sum(jacobians), stack_jacobian(jacobians), rtol=1e-12, atol=1e-12)


def test_sums_by_length_are_sums_over_paths_of_that_length(jacobians):
    gradient = np.array([1.0, -2.0, 0.5])
    sums = sums_by_length(jacobians, gradient)
    assert sums.shape == (6, 3)
    for length in range(6):
        masks = [[m >> l & 1 for l in range(5)] for m in range(32)]
        chosen = [mask for mask in masks if sum(mask) == length]
        np.testing.assert_allclose(
            sums[length], sum(gradient @ path(jacobians, m) for m in chosen), atol=1e-12
        )
        for mask in chosen:
            by_path = along_path(jacobians, gradient, mask)
            np.testing.assert_allclose(by_path, gradient @ path(jacobians, mask), atol=1e-12)


def test_a_path_says_of_every_block_which_way_it_goes(jacobians):
    for taken in ([0, 1], [1] * 6):
        with pytest.raises(ValueError):
            path(jacobians, taken)
        with pytest.raises(ValueError):
            along_path(jacobians, np.ones(3), taken)


def test_shares_of_length_add_up_and_veits_are_045_percent():
    assert sum(share_of_paths(54, k) for k in range(55)) == pytest.approx(1, abs=1e-15)
    assert sum(share_of_bound(54, k, 0.25) for k in range(55)) == pytest.approx(1, abs=1e-12)
    assert sum(k * share_of_bound(54, k, 0.25) for k in range(55)) == pytest.approx(54 * 0.25 / 1.25)
    assert round(100 * centre(RECORD["measurements"]["share_of_paths_veit"]), 4) == 0.4537


def test_record_the_expansion_holds_to_1e_12():
    assert array(RECORD, "largest_expansion_error").max() < 1e-12


def test_record_the_sum_over_lengths_is_autograds_gradient():
    for name in ("scaled_initial", "scaled_trained", "unscaled_initial"):
        assert array(RECORD, f"sum_error_{name}").max() < 1e-4  # of 32-bit floats


def test_identity_branches_have_as_much_gradient_in_a_length_as_paths():
    sums = sums_by_length([np.eye(2)] * 6, np.array([3.0, 4.0]))
    shares = np.linalg.norm(sums, axis=1) / np.linalg.norm(sums, axis=1).sum()
    np.testing.assert_allclose(shares, [share_of_paths(6, k) for k in range(7)], rtol=1e-12)


def test_record_scaled_branches_send_the_gradient_along_short_paths():
    assert array(RECORD, "mean_length_scaled_trained").max() < 5
    assert centre(RECORD["measurements"]["mean_length_unscaled_initial"]) == pytest.approx(27, abs=1.5)
    assert array(RECORD, "carried_single_veit_scaled_trained").mean() > 0.5
    assert array(RECORD, "carried_single_veit_unscaled_initial").max() < 0.05
