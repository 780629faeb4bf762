"""Steps through a net's blocks against autograd; walks whose gain is known; how drawn and learnt branches add."""

import numpy as np
import pytest
import torch

from scripts.record import array, centre, read
from snippets.block_algebra import gain_of_steps, stack_jacobian
from snippets.initialisation import he
from snippets.networks import Residual, zero_branches
from snippets.trained_branches import branch_jacobians, steps

RECORD = read("trained_branches")


def value(name):
    return centre(RECORD["measurements"][name])


@pytest.fixture
def net():
    return Residual(6, 4, 3, 5, "relu", he, [torch.Generator().manual_seed(s) for s in range(2)], scale=0.7)


@pytest.fixture
def x():
    return torch.randn(2, 7, 6, generator=torch.Generator().manual_seed(9))


def between(net, x):
    """What enters the first block and what leaves the last."""
    first = last = net.layers[0](x).detach().requires_grad_()
    for layer in net.layers[1:]:
        last = last + net.scale * layer(torch.relu(last))
    return first, last


def test_jacobians_and_steps_give_autograds_gradient(net, x):
    first, last = between(net, x)
    jacobians, z = branch_jacobians(net, x)
    torch.testing.assert_close(z, last)
    gradient = torch.randn(last.shape, generator=torch.Generator().manual_seed(4))
    (expected,) = torch.autograd.grad(last, first, gradient)
    sizes, cosines, found = steps(jacobians, gradient)
    torch.testing.assert_close(found, expected)
    gain = (expected.norm(dim=-1) / gradient.norm(dim=-1)).numpy()
    np.testing.assert_allclose(gain_of_steps(sizes, cosines), gain, rtol=1e-5)
    assert sizes.shape == cosines.shape == (4, 2, 7)
    last_step = (gradient.unsqueeze(-2) @ jacobians[-1]).squeeze(-2)
    torch.testing.assert_close(sizes[0], last_step.norm(dim=-1) / gradient.norm(dim=-1))
    torch.testing.assert_close(cosines[0], torch.cosine_similarity(last_step, gradient, dim=-1))


def test_without_branches_nothing_happens_to_a_gradient(net, x):
    jacobians, _ = branch_jacobians(zero_branches(net), x)
    gradient = torch.ones(2, 7, 4)
    sizes, cosines, found = steps(jacobians, gradient)
    assert not sizes.any() and not cosines.any() and torch.equal(found, gradient)


def test_zero_branches_all_receive_the_same_gradient(net, x):
    zero_branches(net)(x).square().sum().backward()
    first, *others = [layer.weight.grad for layer in net.layers[1:]]
    assert first.any()
    for other in others:
        torch.testing.assert_close(other, first)


@pytest.mark.parametrize("size", [0.1, 0.5])
def test_steps_at_right_angles_and_along(size):
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    for J, cosine in ((size * turn, 0), (size * np.eye(2), 1), (-size * np.eye(2), -1)):
        gain = np.linalg.norm(stack_jacobian([J] * 5)[:, 0])
        assert gain_of_steps([size] * 5, [cosine] * 5) == pytest.approx(gain, rel=1e-12)


def test_independent_branches_add_in_quadrature():
    rng = np.random.default_rng(0)
    squares = []
    for _ in range(400):
        jacobians = 0.5 * rng.standard_normal((4, 16, 16)) / 4
        squares.append(np.linalg.norm(stack_jacobian(jacobians)) ** 2 / 16)
    assert np.mean(squares) == pytest.approx(gain_of_steps([0.5] * 4, [0] * 4) ** 2, rel=0.03)


def test_record_one_over_root_depth_is_enough_for_independent_branches_alone():
    for depth in RECORD["settings"]["depths"]:
        assert value(f"theory_independent_root_{depth}") == pytest.approx((1 + 1 / depth) ** (depth / 2), rel=1e-12)
        assert value(f"theory_aligned_root_{depth}") == pytest.approx((1 + depth**-0.5) ** depth, rel=1e-12)
        assert value(f"theory_aligned_inverse_{depth}") < np.e
        assert value(f"independent_root_{depth}") == pytest.approx(value(f"theory_independent_root_{depth}"), rel=0.1)
    assert array(RECORD, "repeated_root_256").min() > 1000
    assert array(RECORD, "repeated_inverse_256").max() < np.e


def test_record_the_bounds_of_trained_nets_hold_and_say_little():
    for moment in ("root_initial", "root_trained", "inverse_initial", "inverse_trained", "zero_trained"):
        low, gain, high = (array(RECORD, f"{name}_{moment}") for name in ("low", "gain", "high"))
        assert np.all((low < gain) & (gain < high))
    assert array(RECORD, "high_root_trained").min() > 1e4
    assert np.all(array(RECORD, "gain_zero_initial") == 1)


def test_record_learnt_branches_point_along_the_gradient():
    assert array(RECORD, "cosine_root_trained").max() < array(RECORD, "cosine_zero_trained").min()
    assert array(RECORD, "orthogonal_zero_trained").max() < array(RECORD, "gain_zero_trained").min()
    assert array(RECORD, "accuracy_zero").min() > 0.95
