"""Degradation: what is trained, and claims 2 and 12 against the records of the nets with BatchNorm on the digits."""

import copy
import importlib
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from scripts.measure import degradation
from scripts.record import array, read
from scripts.statistics import RANK_LEVEL, difference, smaller
from snippets import convnet_training, digits, remedies
from snippets.convnet_training import gradient_norms, loss_and_error, train_side_by_side, weight_lengths
from snippets.convnets import ConvNet
from snippets.passed_on import passed_on
from snippets.streams import Streams
from snippets.training import batches

PLAIN, RESIDUAL, CONTROLS = (read(f"degradation_{kind}") for kind in ("plain", "residual", "controls"))
DEPTHS = PLAIN["settings"]["depths"]
TINY = degradation.SETTINGS | {"depths": [8], "widths": [4, 4, 8], "epochs": 4, "batch": 20, "gradient_epochs": [0, 4], "gradient_images": 50, "passed_on_epochs": [0, 4]}


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
    found = [None, dict.fromkeys(degradation.names(TINY), 1.0)]
    monkeypatch.setattr(degradation, "trained", lambda *_: found)
    measured = degradation.measure(TINY, [0, 1])
    assert measured["diverged_8"]["values"] == [1, 0]
    assert all(measurement["values"][0] is None for name, measurement in measured.items() if "8" in name and "diverged" not in name)
    settings, nan = TINY | {"gradient_epochs": [0]}, torch.tensor([1.0, torch.nan])
    assert degradation.summary(settings, nan, [], (1.0, 0.5), (1.0, 0.5)) is None
    assert degradation.summary(settings, -nan.nan_to_num(), [], (float("inf"), 0.5), (1.0, 0.5)) is None


def test_what_the_last_block_passes_on_is_the_last_of_what_all_do(prototypes):
    (run,) = degradation.trained(TINY | {"residual": False}, [3], 8)
    for name in ("class_signal", "rank", "gradient_rank"):
        assert np.shape(run[name]) == (2, 3), "epochs, blocks"
        for epoch, of_blocks in zip((0, 4), run[name], strict=True):
            assert run[f"last_{name}_epoch_{epoch}"] == of_blocks[-1]
    streams = Streams(degradation.EXPERIMENT, 3)
    x, labels, *_ = degradation.data([streams])
    at_first = ConvNet(8, TINY["widths"], 1, 10, False, streams.torch("weights"))
    assert [run[name][0] for name in ("class_signal", "rank", "gradient_rank")] == list(passed_on(at_first, x[0, :50], labels[0, :50]))


def test_what_is_passed_on_is_recorded_on_a_linear_scale_and_lengths_are_not(monkeypatch):
    monkeypatch.setattr(degradation, "trained", lambda settings, seeds, *_: [dict.fromkeys(degradation.names(settings), 0.5) for _ in seeds])
    measured = degradation.measure(degradation.SETTINGS | {"residual": False}, [0, 1])
    linear = {name.rpartition("_56")[0] for name, measurement in measured.items() if measurement.get("scale") == "linear" and "_56" in name}
    assert linear == {"diverged", "train_error", "test_error", "class_signal", "rank", "gradient_rank", "last_class_signal", "last_rank", "last_gradient_rank"}
    assert {"last_class_signal_56_epoch_0", "last_gradient_rank_8_epoch_15", "first_layer_step_56_epoch_0", "rank_20", "diverged_8"} <= set(measured)


# With what might cure it

REMEDIES = {
    "clipping": {"longest": 0.1},
    "rate_per_layer": {"learning_rate": 0.01},
    "fixed_length": {},
    "warm_up": {"share": 0.1, "threshold": 0.8},
    "orthogonal": {},
    "mirrored": {},
    "mispaired": {},
}


@pytest.mark.parametrize("remedy", REMEDIES)
@pytest.mark.parametrize("residual", [False, True])
def test_a_remedy_is_at_work_in_all_of_the_nets_and_from_the_start_that_it_changes(prototypes, remedy, residual):
    settings = TINY | {"residual": residual, "epochs": 2, "gradient_epochs": [0, 2], "passed_on_epochs": [0, 2]}
    settings |= {key: value for key, value in REMEDIES[remedy].items() if key == "learning_rate"}
    for run, without in zip(degradation.trained(settings | REMEDIES[remedy] | {"remedy": remedy}, [3, 4], 8), degradation.trained(settings, [3, 4], 8), strict=True):
        assert set(run) == set(degradation.names(settings))
        assert run["final_loss"] != without["final_loss"]
        # Those that change weights do so before anything is observed, the others afterwards; both leave lengths what He et al.'s are.
        changes_weights = remedy in ("orthogonal", "mirrored", "mispaired")
        assert (run["class_signal"][0] != without["class_signal"][0]) == changes_weights
        before, after = run["weight_lengths"]
        assert before == pytest.approx(without["weight_lengths"][0], rel=1e-5 if remedy == "orthogonal" else 1 if changes_weights else 1e-12)
        moved = np.abs(np.log(np.divide(after, before))[:-1]).max()
        assert moved < 1e-5 if remedy == "fixed_length" else moved > 1e-4, "of the convolutions"


def test_the_warm_up_asks_for_the_training_error_of_each_net(prototypes, monkeypatch):
    asked = []

    def watch(net, nets, share, threshold, error):
        asked.append((nets, share, threshold, error().tolist()))
        return lambda: None, lambda epoch: asked.append(error().tolist()) if epoch == 4 else None

    monkeypatch.setattr(remedies, "warm_up", watch)
    runs = degradation.trained(TINY | {"residual": True, "remedy": "warm_up", "share": 0.25, "threshold": 0.75}, [3, 4], 8)
    (nets, share, threshold, at_first), at_last = asked
    assert (nets, share, threshold) == (2, 0.25, 0.75) and min(at_first) > 0.5
    assert at_last == pytest.approx([run["train_error"] for run in runs])


def test_orthogonal_weights_have_a_stream_of_their_own(prototypes, monkeypatch):
    asked = []

    class Watched(Streams):
        def torch(self, purpose):
            asked.append((self.seed, purpose))
            return super().torch(purpose)

    monkeypatch.setattr("snippets.streams.Streams", Watched)
    degradation.trained(TINY | {"residual": False, "remedy": "orthogonal", "epochs": 1, "gradient_epochs": [0], "passed_on_epochs": [0]}, [3, 4], 8)
    assert sorted(asked) == sorted((seed, purpose) for seed in (3, 4) for purpose in ("weights", "orthogonal", "batches"))


def recorded_names(monkeypatch, task):
    """What a task would record, and with which settings, depth and seeds each net of it is trained."""
    task, nets = importlib.import_module(f"scripts.measure.task_{task}"), []

    def watch(settings, seeds, depth, *_):
        nets.append((settings, depth, seeds))
        return [dict.fromkeys(degradation.names(settings), 0.5) for _ in seeds]

    monkeypatch.setattr(degradation, "trained", watch)
    return set(task.measure(task.SETTINGS, list(range(task.SETTINGS["seeds"])))), nets, task.SETTINGS


TASKS = {
    "rates": ["final_loss_plain_56_at_002", "train_error_plain_20_at_0001", "weight_lengths_residual_56_at_01", "first_layer_step_plain_56_at_0005_epoch_1"],
    "rates_large": ["final_loss_residual_56_at_1", "weight_gradients_plain_20_at_1", "last_class_signal_plain_56_at_1_epoch_15"],
    "remedies": ["final_loss_plain_56_mirrored", "test_error_plain_20_mispaired", "last_rank_plain_56_fixed_length_epoch_0", "diverged_plain_56_rate_per_layer"],
    "linear_start": ["final_loss_plain_56_mirrored_at_02", "first_to_last_blocks_plain_20_at_02_epoch_0"],
    "remedies_few": ["final_loss_residual_56_mirrored", "loss_plain_20_four_times", "first_layer_length_plain_56_four_times_epoch_60", "final_loss_residual_56_warm_up"],
}


@pytest.mark.parametrize("task", TASKS)
def test_a_variant_is_recorded_by_net_variant_and_epoch(monkeypatch, task):
    names, nets, settings = recorded_names(monkeypatch, task)
    assert set(TASKS[task]) <= names
    expected = set()
    for variant, own in settings["variants"].items():
        last = own.get("epochs", 15)
        for net in own.get("nets", ["plain_20", "plain_56", "residual_56"]):
            during = [f"{name}_{net}_{variant}_epoch_{epoch}" for name in degradation.PER_EPOCH for epoch in (0, 1, last)]
            during += [f"last_{name}_{net}_{variant}_epoch_{epoch}" for name in degradation.PASSED_ON for epoch in (0, last)]
            expected |= {f"{name}_{net}_{variant}" for name in ("diverged", "loss", "final_loss", "train_error", "test_error", *settings["layers"])} | set(during)
    assert names == expected
    for changed, depth, seeds in nets:
        assert len(seeds) == settings["seeds"] and depth in (20, 56)
        assert changed["gradient_epochs"] == [0, 1, changed["epochs"]] and changed["passed_on_epochs"] == [0, changed["epochs"]]
        assert {key: changed[key] for key in ("widths", "batch", "gradient_images")} == {key: degradation.SETTINGS[key] for key in ("widths", "batch", "gradient_images")}
    trained = [(f"{'residual' if changed['residual'] else 'plain'}_{depth}", changed.get("remedy"), changed["learning_rate"], changed["epochs"]) for changed, depth, _ in nets]
    assert trained == [
        (net, own.get("remedy"), own.get("learning_rate", 0.05), own.get("epochs", 15))
        for own in settings["variants"].values()
        for net in own.get("nets", ["plain_20", "plain_56", "residual_56"])
    ]


def test_every_remedy_of_a_task_is_one(monkeypatch):
    """One that is misspelt would be trained as no remedy at all."""
    named = [changed for task in TASKS for changed, *_ in recorded_names(monkeypatch, task)[1] if "remedy" in changed]
    assert {changed["remedy"] for changed in named} == set(REMEDIES)
    for changed in named:
        assert set(REMEDIES[changed["remedy"]]) <= set(changed)


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
