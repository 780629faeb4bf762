"""Claims 2, 12 and 20 against the records of the nets with BatchNorm on the digits."""

import copy
from itertools import pairwise

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from scripts.record import array, read
from snippets.convnet_training import gradient_norms, loss_and_error, train_side_by_side
from snippets.convnets import ConvNet
from snippets.training import batches

PLAIN, RESIDUAL = read("degradation_plain"), read("degradation_residual")


def test_the_two_kinds_are_matched_in_all_else():
    assert {**PLAIN["settings"], "residual": True} == RESIDUAL["settings"]
    assert PLAIN["settings"]["residual"] is False


def test_claim_12_deeper_plain_nets_end_with_a_larger_training_loss():
    by_depth = [array(PLAIN, f"final_loss_{depth}") for depth in (20, 32, 44, 56)]
    for shallow, deep in pairwise(by_depth):
        # Of every seed, not of the mean only.
        assert deep.min() > shallow.max() or deep.mean() - shallow.mean() > deep.std() + shallow.std()
    assert array(PLAIN, "train_error_56").min() > 0.3
    assert array(PLAIN, "test_error_56").min() > array(PLAIN, "test_error_20").max()


def test_claim_12_residual_nets_do_not_degrade_at_these_depths():
    shallowest = array(RESIDUAL, "final_loss_8")
    for depth in (20, 32, 44, 56):
        assert array(RESIDUAL, f"final_loss_{depth}").max() < shallowest.min()
        assert array(RESIDUAL, f"final_loss_{depth}").max() < array(PLAIN, f"final_loss_{depth}").min()


def test_claim_2_the_gradient_does_not_vanish_in_the_plain_net():
    # It explodes towards the input at initialisation, and is of one size along the depth afterwards.
    assert array(PLAIN, "first_to_last_blocks_56_epoch_0").min() > 1000
    during = np.concatenate(
        [array(PLAIN, f"first_to_last_blocks_56_epoch_{epoch}") for epoch in (1, 5, 10, 15)]
    )
    assert 0.1 < during.min() < during.max() < 10


def test_gradient_norms_against_a_finite_difference():
    net, x, labels = (
        ConvNet(8, (2, 3, 4), 1, 10, True, 0).double(),
        torch.randn(16, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double(),
        torch.arange(16) % 10,
    )
    before = [b.clone() for b in net.buffers()]
    of_weights, of_blocks = gradient_norms(net, x, labels)
    assert (len(of_weights), len(of_blocks)) == (8, 3)
    assert all(torch.equal(b, a) for b, a in zip(before, net.buffers(), strict=True)), (
        "running statistics moved"
    )
    with torch.no_grad():
        gradient, w = torch.zeros_like(net.conv.weight).flatten(), net.conv.weight.view(-1)
        for i in range(len(w)):
            ends = []
            for h in (1e-6, -2e-6):
                w[i] += h
                ends.append(cross_entropy(net(x), labels))
            w[i] += 1e-6
            gradient[i] = (ends[0] - ends[1]) / 2e-6
    assert np.isclose(gradient.norm().item(), of_weights[0], rtol=1e-5)


def test_training_is_sgd_with_momentum_weight_decay_and_a_cosine_of_each_net():
    """The same steps written out, net by net: g ← ∂E/∂w + 1e-4 w, v ← 0.9 v + g, w ← w − ηₜ v."""
    generator, epochs, batch, rate = torch.Generator().manual_seed(0), 2, 6, 0.1
    x, labels = (
        torch.randn(20, 1, 8, 8, generator=generator).double(),
        torch.arange(20) % 3,
    )  # two are left over
    nets = [ConvNet(8, (2, 3, 4), 1, 3, True, seed).double() for seed in (4, 7)]
    expected, called = [], []
    for net, seed in zip(copy.deepcopy(nets), (4, 7), strict=True):
        velocities, losses, steps = [torch.zeros_like(w) for w in net.parameters()], [], epochs * 3
        for epoch in range(epochs):
            for (index,) in batches(20, batch, [seed], epoch):
                loss = cross_entropy(net(x[index]), labels[index])
                gradients = torch.autograd.grad(loss, list(net.parameters()))
                eta = rate * (1 + np.cos(np.pi * len(losses) / steps)) / 2
                for w, v, g in zip(net.parameters(), velocities, gradients, strict=True):
                    v.mul_(0.9).add_(g + 1e-4 * w.detach())
                    w.data -= eta * v
                losses.append(loss.item())
        expected.append((net.state_dict(), np.reshape(losses, (epochs, 3)).mean(1)))
    history = train_side_by_side(nets, x, labels, [4, 7], epochs, batch, rate, called.append)
    assert called == [0, 1, 2]
    for net, losses, (state, expected_losses) in zip(nets, history.T, expected, strict=True):
        np.testing.assert_allclose(losses, expected_losses, rtol=1e-9)
        for name, tensor in net.state_dict().items():
            if tensor.dim():
                torch.testing.assert_close(tensor, state[name], rtol=1e-7, atol=1e-9)


def test_loss_and_error_are_those_of_the_running_statistics():
    generator = torch.Generator().manual_seed(0)
    net = ConvNet(8, (2, 3, 4), 1, 3, True, 0)
    x, labels = torch.randn(30, 1, 8, 8, generator=generator), torch.arange(30) % 3
    net.train()(x)  # moves the running statistics away from where they began
    loss, error = loss_and_error(net, x, labels)
    logits = copy.deepcopy(net).eval()(x).double()
    likelihood = logits.exp().gather(1, labels[:, None])[:, 0] / logits.exp().sum(1)
    wrong = [row.index(max(row)) != n % 3 for n, row in enumerate(logits.tolist())]
    assert 0 < sum(wrong) < 30 and sum(wrong) != 15
    assert np.isclose(loss, -likelihood.log().mean().item(), rtol=1e-5)
    assert error == sum(wrong) / 30
