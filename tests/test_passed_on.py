"""What blocks pass on, against double loops, eigenvalues of a covariance and the gradient written out."""

import copy

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from snippets.convnets import ConvNet
from snippets.passed_on import class_signal, effective_rank, passed_on


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# How alike images of a class are


def signal(a: np.ndarray, labels: list[int]) -> float:
    """Pair by pair, in NumPy."""
    a = a.reshape(len(a), -1)
    a = a - a.mean(axis=0)
    same, other = [], []
    for i in range(len(a)):
        for j in range(i):
            cosine = a[i] @ a[j] / np.sqrt((a[i] @ a[i]) * (a[j] @ a[j]))
            (same if labels[i] == labels[j] else other).append(cosine)
    return np.mean(same) - np.mean(other)


@pytest.mark.parametrize("shape", [(9, 4), (12, 3, 2, 5)])
def test_the_class_signal_is_that_of_all_pairs(shape: tuple[int, ...]) -> None:
    labels = torch.tensor([0, 0, 1, 1, 1, 2, 2, 0, 2, 1, 0, 2][: shape[0]])
    a = drawn(*shape) + 3 + labels.view(-1, *[1] * (len(shape) - 1))  # far from 0: the mean over the batch is to be taken off
    assert class_signal(a, labels) == pytest.approx(signal(a.numpy(), labels.tolist()), abs=1e-12)


def test_noise_without_classes_has_no_class_signal() -> None:
    """The mean over draws is 0, whatever the classes' sizes; a mean that shares pairs with itself, of cosine 1, would not be."""
    labels = torch.tensor([0] * 12 + [1] * 5 + [2] * 3)
    signals = np.array([class_signal(drawn(20, 7, seed=seed) + 1, labels) for seed in range(400)])
    assert abs(signals.mean()) < 4 * signals.std(ddof=1) / np.sqrt(len(signals)) < 0.02


def test_pure_classes_have_the_signal_of_a_simplex() -> None:
    """Ten classes at right angles, once their mean is taken off: cosine 1 within a class and −1/9 between two."""
    labels = torch.arange(10).repeat(4)
    assert class_signal(torch.eye(10, dtype=torch.float64)[labels], labels) == pytest.approx(10 / 9)
    assert class_signal(torch.zeros(40, 3, dtype=torch.float64), labels) == 0


def test_the_class_signal_is_of_directions_alone() -> None:
    labels = torch.arange(6) % 2
    a = drawn(6, 5)
    a -= a.mean(0)
    expected = signal(a.numpy(), labels.tolist())
    assert class_signal(a * 1000, labels) == pytest.approx(expected)
    assert class_signal(a @ torch.linalg.qr(drawn(5, 5, seed=1)).Q, labels) == pytest.approx(expected)


# In how many directions a batch spreads


@pytest.mark.parametrize("shape", [(30, 4), (8, 20), (15, 2, 3, 3)])
def test_the_rank_is_that_of_the_covariances_eigenvalues(shape: tuple[int, ...]) -> None:
    a = drawn(*shape) + 2
    eigenvalues = np.linalg.eigvalsh(np.cov(a.flatten(1).numpy(), rowvar=False))
    assert effective_rank(a) == pytest.approx(eigenvalues.sum() ** 2 / (eigenvalues**2).sum(), rel=1e-10)


def test_the_rank_counts_directions() -> None:
    line = torch.linspace(-1, 2, 11, dtype=torch.float64)[:, None] * drawn(1, 7) + drawn(1, 7, seed=1)
    assert effective_rank(line) == pytest.approx(1)
    assert effective_rank(torch.full((8, 5), 0.5)) == 0
    for n in (1, 2, 5):
        ends = torch.eye(n, dtype=torch.float64)
        assert effective_rank(torch.cat([ends, -ends]) + 3) == pytest.approx(n)


# Of a net


def convnet(residual: bool) -> ConvNet:
    return ConvNet(14, (3, 4, 5), 1, 4, residual, torch.Generator().manual_seed(3)).double()


def by_hand(net: ConvNet, x: torch.Tensor) -> list[torch.Tensor]:
    """What each block gives, one after the other, BN taking the statistics of x."""
    net = copy.deepcopy(net).train()
    outputs = [net.before(net.conv(x))]
    for block in net.blocks:
        outputs.append(block(outputs[-1]))
    return outputs[1:]


@pytest.mark.parametrize("residual", [False, True])
def test_each_block_has_its_numbers_in_the_order_of_the_blocks(residual: bool) -> None:
    net, x, labels = convnet(residual), drawn(24, 1, 8, 8), torch.arange(24) % 4
    signals, ranks, of_gradient = passed_on(net, x, labels)
    outputs = by_hand(net, x)
    assert len(outputs) == len(signals) == len(ranks) == len(of_gradient) == 6
    loss = cross_entropy(net.linear(outputs[-1].mean((2, 3))), labels)
    for k, (a, gradient) in enumerate(zip(outputs, torch.autograd.grad(loss, outputs), strict=True)):
        assert signals[k] == pytest.approx(signal(a.detach().numpy(), labels.tolist()), abs=1e-9)
        assert ranks[k] == pytest.approx(effective_rank(a.detach()), rel=1e-9)
        assert of_gradient[k] == pytest.approx(effective_rank(gradient), rel=1e-9)


def test_the_last_blocks_gradient_is_the_one_of_softmax() -> None:
    """(p − y) W / pixels, the same at each pixel, p being the shares that softmax gives and y the labels as 0 and 1."""
    net, x, labels = convnet(False), drawn(24, 1, 8, 8), torch.arange(24) % 4
    last = by_hand(net, x)[-1].detach().mean((2, 3)).numpy()
    W, b = net.linear.weight.detach().numpy(), net.linear.bias.detach().numpy()
    exp = np.exp(last @ W.T + b)
    gradient = (exp / exp.sum(axis=1, keepdims=True) - np.eye(4)[labels]) @ W
    eigenvalues = np.linalg.eigvalsh(np.cov(gradient, rowvar=False))
    assert passed_on(net, x, labels)[2][-1] == pytest.approx(eigenvalues.sum() ** 2 / (eigenvalues**2).sum(), rel=1e-9)


@pytest.mark.parametrize("training", [False, True])
def test_the_net_itself_is_left_alone(training: bool) -> None:
    net, x, labels = convnet(True).train(training), drawn(12, 1, 8, 8), torch.arange(12) % 4
    before = copy.deepcopy(net.state_dict())
    first = passed_on(net, x, labels)
    assert net.training is training and all(module.training is training for module in net.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())
    assert not any(block._forward_hooks for block in net.blocks)
    # By the batch's own statistics in either mode.
    assert passed_on(net.train(not training), x, labels) == first
