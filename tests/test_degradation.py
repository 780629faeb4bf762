"""Degradation: what is trained, and claims 2 and 12 against the records of the nets with BatchNorm on the digits."""

import copy
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from scripts.measure import degradation
from scripts.record import array, read
from scripts.statistics import RANK_LEVEL, difference, smaller
from snippets import convnet_training, digits
from snippets.convnet_training import gradient_norms, loss_and_error, train_side_by_side, weight_lengths
from snippets.convnets import ConvNet
from snippets.training import batches

PLAIN, RESIDUAL, CONTROLS = (read(f"degradation_{kind}") for kind in ("plain", "residual", "controls"))
DEPTHS = PLAIN["settings"]["depths"]
TINY = degradation.SETTINGS | {"depths": [8], "widths": [4, 4, 8], "epochs": 4, "batch": 20, "gradient_epochs": [0, 4], "gradient_images": 50}


def drawn(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


# What is trained and measured


def test_the_two_kinds_are_matched_in_all_else():
    assert {**PLAIN["settings"], "residual": True} == RESIDUAL["settings"]
    assert PLAIN["settings"]["residual"] is False
    assert PLAIN["provenance"]["seeds"] == RESIDUAL["provenance"]["seeds"]


def test_nets_of_a_seed_share_weights_split_and_batches_and_no_two_seeds_do(monkeypatch):
    seen = []

    def watch(nets, x, labels, generators, *_):
        weights = torch.stack([net.conv.weight.detach() for net in nets])
        seen.append([weights, x, labels, torch.cat(batches(labels.shape[1], 128, generators), dim=1)])
        return torch.full((1, len(nets)), torch.nan)

    monkeypatch.setattr(convnet_training, "train_side_by_side", watch)
    for residual in (False, True):
        measured = degradation.measure(TINY | {"residual": residual}, [5, 6])
        assert measured["diverged_8"]["values"] == [1, 1] and measured["final_loss_8"]["values"] == [None, None]
    for plain, of_residual in zip(*seen, strict=True):
        assert torch.equal(plain, of_residual)
        assert not torch.equal(plain[0], plain[1])


def test_the_deep_nets_are_as_deep_as_they_are_called():
    """Counted by the gradients that were recorded, one a layer with weights."""
    for record in (PLAIN, RESIDUAL):
        seeds, epochs = len(record["provenance"]["seeds"]), len(record["settings"]["gradient_epochs"])
        for depth in DEPTHS:
            for name, count in (("weight_gradients", depth), ("weight_lengths", depth), ("block_gradients", depth // 2 - 1)):
                assert array(record, f"{name}_{depth}").shape == (seeds, epochs, count)


@pytest.fixture
def prototypes(monkeypatch):
    """Ten images, each many times with noise: easy to learn. The test set calls each by the next one's name."""

    def splits(rngs):
        labels = np.tile(np.arange(10), (len(rngs), 30))
        x = np.stack([rng.standard_normal((10, 64))[of_seed] + 0.1 * rng.standard_normal((300, 64)) for rng, of_seed in zip(rngs, labels, strict=True)])
        return x.astype(np.float32), labels, x[:, :100].astype(np.float32), (labels[:, :100] + 1) % 10

    monkeypatch.setattr(digits, "splits", splits)


def test_errors_are_of_the_set_that_they_are_called_by(prototypes):
    measured = degradation.measure(TINY | {"residual": True}, [0, 1])
    assert max(measured["train_error_8"]["values"]) < 0.2
    assert min(measured["test_error_8"]["values"]) > 0.8
    # One error alone is of how many images: its binomial error follows.
    assert (measured["train_error_8"]["images"], measured["test_error_8"]["images"]) == (1437, 360)


def test_shuffled_labels_are_learnt_worse(prototypes):
    (true,), (shuffled,) = (degradation.trained(TINY | {"residual": True}, [3], 8, shuffled=flag) for flag in (False, True))
    assert true["final_loss"] < 1 < 1.8 < shuffled["final_loss"]
    assert shuffled["train_error"] > 0.5 > true["train_error"], "the error is of the labels that it was trained on"


def test_ratios_are_those_of_the_layers_that_they_name(prototypes):
    (run,) = degradation.trained(TINY | {"residual": False}, [3], 8)
    assert [len(run[name][0]) for name in ("weight_gradients", "weight_lengths", "block_gradients")] == [8, 8, 3]
    for epoch, g, a, w in zip((0, 4), run["weight_gradients"], run["block_gradients"], run["weight_lengths"], strict=True):
        assert run[f"first_to_last_blocks_epoch_{epoch}"] == a[0] / a[2]
        assert run[f"first_to_last_weights_epoch_{epoch}"] == g[0] / g[6]
        assert run[f"first_layer_length_epoch_{epoch}"] == w[0]
        assert run[f"first_layer_step_epoch_{epoch}"] == pytest.approx(0.05 * g[0] / w[0])
        # Of the loss as a function of each layer's direction, with weights of length 1.
        assert run[f"first_to_last_unit_weights_epoch_{epoch}"] == pytest.approx(g[0] * w[0] / (g[6] * w[6]))


def test_a_seed_that_diverged_leaves_the_others(monkeypatch):
    found = [None, {name: 1.0 for name in degradation.PER_SEED} | {f"{name}_epoch_{e}": 1.0 for name in degradation.PER_EPOCH for e in (0, 4)}]
    monkeypatch.setattr(degradation, "trained", lambda *_: found)
    measured = degradation.measure(TINY, [0, 1])
    assert measured["diverged_8"]["values"] == [1, 0]
    assert all(measurement["values"][0] is None for name, measurement in measured.items() if "8" in name and "diverged" not in name)
    settings, nan = TINY | {"gradient_epochs": [0]}, torch.tensor([1.0, torch.nan])
    assert degradation.summary(settings, nan, [], (1.0, 0.5), (1.0, 0.5)) is None
    assert degradation.summary(settings, -nan.nan_to_num(), [], (float("inf"), 0.5), (1.0, 0.5)) is None


# What was found


def test_claim_12_deeper_plain_nets_end_with_a_larger_training_loss():
    for shallow, deep in pairwise((20, 32, 44)):
        assert smaller(*(array(PLAIN, f"final_loss_{depth}") for depth in (shallow, deep))) < RANK_LEVEL
    for error in ("train_error", "test_error"):
        assert smaller(*(array(PLAIN, f"{error}_{depth}") for depth in (20, 56))) < RANK_LEVEL


def test_claim_12_residual_nets_do_not_degrade_at_these_depths():
    for depth in (20, 32, 44, 56):
        deep = array(RESIDUAL, f"final_loss_{depth}")
        assert smaller(deep, array(RESIDUAL, "final_loss_8")) < RANK_LEVEL
        assert smaller(deep, array(PLAIN, f"final_loss_{depth}")) < RANK_LEVEL


def test_claim_2_the_gradient_does_not_vanish_in_the_plain_net():
    # It explodes towards the input at initialisation, the more the deeper; afterwards it is within an order of magnitude along the depth.
    at_first = [array(PLAIN, f"first_to_last_blocks_{depth}_epoch_0") for depth in DEPTHS]
    assert all(smaller(*pair) < RANK_LEVEL for pair in pairwise(at_first)) and at_first[-1].min() > 100
    for epoch in (1, 5, 10, 15):
        during = np.log(array(PLAIN, f"first_to_last_blocks_56_epoch_{epoch}"))
        assert abs(during.mean()) < np.log(10)


def test_long_weights_are_what_makes_the_first_gradient_small():
    """At weights of length 1 the first convolution's gradient is no smaller than the last's by an order of magnitude."""
    assert smaller(array(PLAIN, "first_layer_length_20_epoch_15"), array(PLAIN, "first_layer_length_56_epoch_15")) < RANK_LEVEL
    assert smaller(array(RESIDUAL, "first_layer_length_56_epoch_15"), array(PLAIN, "first_layer_length_56_epoch_15")) < RANK_LEVEL
    assert np.log(array(PLAIN, "first_to_last_unit_weights_56_epoch_1")).mean() > np.log(0.1)


# Controls


def test_control_nets_of_one_kind_do_not_differ():
    halves = [array(RESIDUAL, "final_loss_56")[half::2] for half in (0, 1)]
    assert difference(*halves, log=True).p > RANK_LEVEL
    again = difference(array(PLAIN, "final_loss_8"), array(CONTROLS, "final_loss_again"), log=True)
    assert again.p > RANK_LEVEL and again.low < 1 < again.high


def test_control_shuffled_labels_teach_nothing():
    assert array(CONTROLS, "test_error_shuffled").mean() == pytest.approx(0.9, abs=0.03)
    assert array(CONTROLS, "test_error_again").max() < 0.1


def test_control_equal_weights_at_the_start():
    for depth in DEPTHS:
        at_first = [array(record, f"weight_lengths_{depth}")[:, 0] for record in (PLAIN, RESIDUAL)]
        assert np.array_equal(*at_first)
        assert at_first[0][:, 0] == pytest.approx(np.sqrt(2), rel=0.3), "8 · 9 weights of the variance 2 / (9 · 8)"


# The mathematics


def test_lengths_are_those_of_the_weights_written_out():
    net = ConvNet(8, (2, 3, 4), 1, 10, True, *drawn(0))
    weights = [w for name, w in net.named_parameters() if w.dim() > 1]
    assert weight_lengths(net) == pytest.approx([w.square().sum().item() ** 0.5 for w in weights])


def test_gradient_norms_against_a_finite_difference():
    net, x, labels = (
        ConvNet(8, (2, 3, 4), 1, 10, True, *drawn(0)).double(),
        torch.randn(16, 1, 8, 8, generator=drawn(0)[0]).double(),
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
    (generator,), epochs, batch, rate = drawn(0), 2, 6, 0.1
    x, labels = (
        torch.randn(2, 20, 1, 8, 8, generator=generator).double(),
        torch.stack([torch.arange(20), torch.arange(20) + 1]) % 3,
    )  # two are left over
    nets = [ConvNet(8, (2, 3, 4), 1, 3, True, generator).double() for generator in drawn(4, 7)]
    expected, called = [], []
    for net, images, true, order in zip(copy.deepcopy(nets), x, labels, drawn(4, 7), strict=True):
        velocities, losses, steps = [torch.zeros_like(w) for w in net.parameters()], [], epochs * 3
        for _ in range(epochs):
            for index in torch.randperm(20, generator=order)[:18].split(batch):
                loss = cross_entropy(net(images[index]), true[index])
                gradients = torch.autograd.grad(loss, list(net.parameters()))
                eta = rate * (1 + np.cos(np.pi * len(losses) / steps)) / 2
                for w, v, g in zip(net.parameters(), velocities, gradients, strict=True):
                    v.mul_(0.9).add_(g + 1e-4 * w.detach())
                    w.data -= eta * v
                losses.append(loss.item())
        expected.append((net.state_dict(), np.reshape(losses, (epochs, 3)).mean(1)))
    history = train_side_by_side(nets, x, labels, drawn(4, 7), epochs, batch, rate, called.append)
    assert called == [0, 1, 2]
    for net, losses, (state, expected_losses) in zip(nets, history.T, expected, strict=True):
        np.testing.assert_allclose(losses, expected_losses, rtol=1e-9)
        for name, tensor in net.state_dict().items():
            if tensor.dim():
                torch.testing.assert_close(tensor, state[name], rtol=1e-7, atol=1e-9)


def test_loss_and_error_are_those_of_the_running_statistics():
    (generator,) = drawn(0)
    net = ConvNet(8, (2, 3, 4), 1, 3, True, *drawn(0))
    x, labels = torch.randn(30, 1, 8, 8, generator=generator), torch.arange(30) % 3
    net.train()(x)  # moves the running statistics away from where they began
    loss, error = loss_and_error(net, x, labels)
    logits = copy.deepcopy(net).eval()(x).double()
    likelihood = logits.exp().gather(1, labels[:, None])[:, 0] / logits.exp().sum(1)
    wrong = [row.index(max(row)) != n % 3 for n, row in enumerate(logits.tolist())]
    assert 0 < sum(wrong) < 30 and sum(wrong) != 15
    assert np.isclose(loss, -likelihood.log().mean().item(), rtol=1e-5)
    assert error == sum(wrong) / 30
