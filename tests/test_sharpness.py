"""Relative sharpness against the full Hessian in relative changes, and against the same function rescaled."""

import copy

import numpy as np
import pytest
import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy
from torch.nn.utils import parameters_to_vector

from snippets.hessian import hessian
from snippets.matched_loss import Mlp, absorbed
from snippets.sharpness import largest_eigenvalue, relative

X = torch.randn(24, 6, generator=torch.Generator().manual_seed(0)).double()
LABELS = torch.arange(24) % 3


def small(shortcut: int, scale: float, normalise: bool) -> Mlp:
    generator = torch.Generator().manual_seed(1)
    net = Mlp(6, 5, 3, 4, shortcut, scale, normalise, generator).double()
    with torch.no_grad():
        for n, layer in enumerate(net.layers):
            layer.bias += 0.1 * n - 0.2
    return net


def operator(net: Mlp):
    return hessian(cross_entropy(net(X), LABELS), net.parameters())


def full(H) -> np.ndarray:
    return np.stack([H @ row for row in np.eye(H.shape[0])], axis=1)


def largest(net: Mlp, relatively: bool) -> float:
    H = operator(net)
    rng = np.random.default_rng(0)
    return largest_eigenvalue(relative(H, net.parameters()) if relatively else H, 1e-10, 200, rng)


@pytest.mark.parametrize("normalise", [False, True])
def test_relative_is_the_hessian_in_changes_by_a_share_of_each_weight(normalise: bool):
    net = small(1, 0.3, normalise)
    names = [name for name, _ in net.named_parameters()]
    shapes = [w.shape for w in net.parameters()]
    w = parameters_to_vector(net.parameters()).detach()

    def loss(t):
        parts = (w * (1 + t)).split([shape.numel() for shape in shapes])
        moved = {n: part.view(shape) for n, part, shape in zip(names, parts, shapes, strict=True)}
        return cross_entropy(functional_call(net, moved, (X,)), LABELS)

    expected = torch.autograd.functional.hessian(loss, torch.zeros_like(w)).numpy()
    found = full(relative(operator(net), net.parameters()))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    assert largest(net, True) == pytest.approx(np.linalg.eigvalsh(expected)[-1], rel=1e-8)


def test_of_a_quadratic_form_it_is_known():
    """Of ½ ∑ λᵢ wᵢ² it is the largest λᵢ wᵢ²."""
    w, eigenvalues = torch.tensor([3.0, -2.0, 0.5], requires_grad=True), torch.tensor([1.0, 4.0, 40.0])
    H = hessian((eigenvalues * w**2).sum() / 2, [w])
    np.testing.assert_allclose(full(relative(H, [w])), np.diag([9, 16, 10]), rtol=1e-6)


def test_written_with_the_scale_in_the_weights_a_net_is_the_same_and_only_the_naive_sharpness_moves():
    net = small(1, 0.2, False)
    twin = absorbed(net)
    assert twin.scale == 1 and net.scale == 0.2
    torch.testing.assert_close(twin(X), net(X))
    assert largest(twin, True) == pytest.approx(largest(net, True), rel=1e-6)
    assert largest(twin, False) > 1.5 * largest(net, False)


def test_a_plain_relu_net_can_be_rescaled_from_layer_to_layer():
    """Dinh et al. 2017: 5 times one layer, 1/5 of the next; the function stays, and so must its sharpness."""
    net = small(0, 1.0, False)
    twin = copy.deepcopy(net)
    with torch.no_grad():
        twin.layers[1].weight *= 5
        twin.layers[1].bias *= 5
        twin.layers[2].weight /= 5
    torch.testing.assert_close(twin(X), net(X))
    assert largest(twin, True) == pytest.approx(largest(net, True), rel=1e-6)
    assert largest(twin, False) > 1.5 * largest(net, False)


def test_what_does_not_converge_is_none():
    assert largest_eigenvalue(operator(small(1, 0.3, False)), 1e-14, 1, np.random.default_rng(0)) is None
