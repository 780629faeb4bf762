"""The block's Jacobian against finite differences, a stack's against autograd; claims 16 to 19."""

import numpy as np
import pytest
import torch

from scripts.record import array, centre, read
from snippets.activations import relu_derivative
from snippets.block_algebra import (
    block_jacobian,
    block_jacobian_2015,
    branch,
    branch_jacobian,
    gain_bounds,
    stack_jacobian,
)

RECORD = read("block_algebra")


def value(name):
    return centre(RECORD["measurements"][name])


@pytest.fixture
def block():
    rng = np.random.default_rng(7)
    return rng.standard_normal(5), rng.standard_normal((8, 5)), rng.standard_normal((5, 8))


def differences(f, x, h=1e-6):
    return np.stack([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))], axis=1)


def test_the_jacobian_of_a_block_is_i_plus_j(block):
    x, W1, W2 = block
    J = branch_jacobian(x, W1, W2)
    np.testing.assert_allclose(block_jacobian(J), differences(lambda x: x + branch(x, W1, W2), x), atol=1e-8)


def test_relu_after_the_addition_masks_rows_of_i_plus_j(block):
    x, W1, W2 = block
    mask = relu_derivative(x + branch(x, W1, W2))
    assert 0 < mask.sum() < len(mask)
    by_formula = block_jacobian_2015(branch_jacobian(x, W1, W2), mask)
    np.testing.assert_allclose(
        by_formula, differences(lambda x: np.maximum(x + branch(x, W1, W2), 0), x), atol=1e-8
    )


@pytest.mark.parametrize("shortcut", [1.0, 0.5])
def test_a_stack_multiplies_its_blocks_in_order(shortcut):
    W = torch.randn(4, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = torch.ones(3, dtype=torch.float64)
    slopes = []

    def stack(x):
        for W_l in W:
            slopes.append((W_l * (1 - torch.tanh(x.detach()) ** 2)).numpy())
            x = shortcut * x + W_l @ torch.tanh(x)
        return x

    by_autograd = torch.autograd.functional.jacobian(stack, x).numpy()
    np.testing.assert_allclose(stack_jacobian(slopes, shortcut), by_autograd, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("first", "alive"), [(1.0, True), (0.0, False)])
def test_zero_weights_in_the_last_layer_alone_keep_its_gradient_alive(first, alive):
    """Claim 16: with every weight of two layers zero so are all their gradients; with the last layer zero, not."""
    W1 = torch.full((3, 3), first, requires_grad=True)
    W2 = torch.zeros(3, 3, requires_grad=True)
    x = torch.tensor([1.0, -2.0, 3.0])
    y = x + W2 @ torch.relu(W1 @ x)
    assert torch.equal(y, x)
    (y**2).sum().backward()
    assert bool((W2.grad != 0).any()) is alive
    assert not (W1.grad != 0).any()


def test_a_branch_of_a_single_layer_learns_from_zero():
    W = torch.zeros(3, 3, requires_grad=True)
    x = torch.tensor([1.0, -2.0, 3.0])
    ((x + W @ torch.relu(x)) ** 2).sum().backward()
    torch.testing.assert_close(W.grad, 2 * torch.outer(x, torch.relu(x)))


def test_record_what_learns_from_zero():
    """Claim 16: the weights of branches of two layers or more stay, and all else moves."""
    for kind in ("two_layers", "three_layers"):
        assert not array(RECORD, f"moved_branch_{kind}").any()
    for kind in ("one_layer", "last_of_two"):
        assert array(RECORD, f"moved_branch_{kind}").min() > 0
    for kind in ("one_layer", "two_layers", "three_layers", "last_of_two"):
        for part in ("stem", "last_bias", "readout"):
            assert array(RECORD, f"moved_{part}_{kind}").min() > 0


def test_commuting_blocks_multiply_their_eigenvalues():
    rng = np.random.default_rng(1)
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    slopes = rng.uniform(-2, 2, (6, 4))
    known = Q @ np.diag(np.prod(1 + slopes, axis=0)) @ Q.T
    np.testing.assert_allclose(stack_jacobian([Q @ np.diag(slope) @ Q.T for slope in slopes]), known, atol=1e-10)
    assert array(RECORD, "commuting_error").max() < 1e-12


def test_a_stack_of_no_blocks_and_of_identity_branches():
    assert np.array_equal(stack_jacobian(np.zeros((3, 2, 2))), np.eye(2))
    assert np.array_equal(stack_jacobian([np.eye(2)] * 5), 2**5 * np.eye(2))
    assert gain_bounds([]) == (1, 1)


def test_record_the_jacobians_agree_to_machine_precision():
    assert array(RECORD, "jacobian_error").max() < 1e-13
    assert array(RECORD, "jacobian_error_2015").max() < 1e-13
    assert array(RECORD, "plus_one_error_2015").min() > 0.5


def test_three_eighths_of_the_rows_are_wiped_out_where_the_input_came_out_of_a_relu():
    """In wide blocks with He's weights: half of x is 0, and elsewhere F is as large as x was before its ReLU."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(60):
        x = np.maximum(rng.standard_normal(200), 0)
        W1, W2 = np.sqrt(2 / 200) * rng.standard_normal((2, 200, 200))
        shares.append(np.mean(x + branch(x, W1, W2) <= 0))
    assert np.mean(shares) == pytest.approx(3 / 8, abs=0.02)
    assert array(RECORD, "masked_share_2015").mean() == pytest.approx(3 / 8, abs=0.06)


def test_record_plus_one_fails_where_the_ledger_says():
    assert value("gain_slope_minus_one_at_50") == 0
    assert value("gain_slope_one_at_50") == 2**50
    assert value("gain_shortcut_0_5_at_50") == 2**-50
    assert value("gain_shortcut_1_at_50") == 1
    assert value("gain_shortcut_1_1_at_50") == pytest.approx(1.1**50, rel=1e-12)


def test_record_the_articles_thousand_layers():
    assert value("article_one_block") == 1.00001
    assert value("article_all_blocks") == pytest.approx(np.exp(1000 * np.log1p(1e-5)), rel=1e-12)


@pytest.mark.parametrize("epsilon", ["0_01", "0_1", "0_3"])
def test_record_the_gain_of_a_stack_stays_within_its_bounds(epsilon):
    gains = array(RECORD, f"gain_epsilon_{epsilon}")
    assert value(f"gain_epsilon_{epsilon}_low") <= gains.min()
    assert gains.max() <= value(f"gain_epsilon_{epsilon}_high")


def test_bounds_are_reached_by_slopes_of_one_sign():
    low, high = gain_bounds([0.1, 0.2])
    assert stack_jacobian([np.array([[-0.1]]), np.array([[-0.2]])])[0, 0] == pytest.approx(low)
    assert stack_jacobian([np.array([[0.1]]), np.array([[0.2]])])[0, 0] == pytest.approx(high)
