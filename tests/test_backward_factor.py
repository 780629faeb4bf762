"""Claim 7: a sigmoid unit multiplies the gradient by |σ′(z) w|, at most ¼ for |w| ≤ 1 only.

The oracle is another form of the same function, σ′(z) = 1 / (2 + 2 cosh z), and automatic differentiation.
"""

import numpy as np
import pytest
import torch

from scripts.record import array, read
from snippets.backpropagation import backward_factor


@pytest.fixture(scope="module")
def record():
    return read("backward_factor")


@pytest.fixture(scope="module")
def plane(record):
    """z along the columns, w along the rows, and the factor there."""
    return array(record, "z")[np.newaxis, :], array(record, "w")[:, np.newaxis], array(record, "factor")


def test_a_large_weight_takes_the_factor_above_one(record, plane):
    assert backward_factor(0.0, 8.0) == backward_factor(0.0, -8.0) == 2
    z, w, factor = plane
    at_eight = np.isclose(np.abs(w), 8) & np.isclose(z, 0)
    assert at_eight.sum() == 2
    np.testing.assert_allclose(factor[at_eight], 2, rtol=1e-12)

    quarter = np.broadcast_to(np.abs(w) <= 1, factor.shape)
    assert factor[quarter].max() <= 0.25
    assert array(record, "share_above_one_for_small_weights") == 0
    assert array(record, "smallest_weight_above_one") == 4
    assert np.abs(np.broadcast_to(w, factor.shape)[factor > 1]).min() > 4
    assert (factor > 1).any()


def test_factor_exceeds_one_exactly_beyond_two_plus_two_cosh(record, plane):
    z, w, factor = plane
    boundary = 2 + 2 * np.cosh(z)
    np.testing.assert_allclose(factor, np.abs(w) / boundary, rtol=1e-12)
    above = np.abs(w) > boundary * (1 + 1e-9)
    np.testing.assert_array_equal(factor > 1, above)
    np.testing.assert_allclose(array(record, "share_above_one"), above.mean(), rtol=1e-12)


def test_large_weights_do_not_help_a_saturated_unit():
    # With a fixed input a the pre-activation is z = w a, so a larger w also closes the unit.
    a = 1.0
    assert backward_factor(8 * a, 8.0) < backward_factor(a, 1.0) < 0.25


def test_snippet_is_the_derivative_through_one_unit():
    rng = np.random.default_rng(0)
    w, a = rng.normal(scale=4, size=50), torch.tensor(rng.normal(size=50), requires_grad=True)
    torch.sigmoid(torch.tensor(w) * a).sum().backward()
    np.testing.assert_allclose(backward_factor(w * a.detach().numpy(), w), np.abs(a.grad.numpy()), rtol=1e-9)
