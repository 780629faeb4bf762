"""Clipping against PyTorch's, the 1000-layer nets' beginnings; a thousand layers against ten in the record."""

import math

import pytest
import torch

from scripts.record import array, centre, read
from scripts.statistics import difference, smaller
from snippets.deep_training import accuracies, clip, train_clipped
from snippets.initialisation import he
from snippets.networks import Plain, Residual, ReZero, batch_norm, zero_branches
from snippets.training import batches

RECORD = read("thousand_layers")


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_clipping_by_seed_is_pytorchs_clipping_of_each_seed():
    generator = torch.Generator().manual_seed(0)
    parameters = [torch.zeros(2, 3, requires_grad=True), torch.zeros(2, 4, 1, requires_grad=True)]
    for p in parameters:
        p.grad = torch.randn(p.shape, generator=generator) * torch.tensor([5, 0.01]).view(
            2, *[1] * (p.dim() - 1)
        )
    before = [p.grad.clone() for p in parameters]
    clip(parameters, 1.0)
    for seed in (0, 1):
        alone = [torch.zeros_like(g[seed], requires_grad=True) for g in before]
        for p, g in zip(alone, before, strict=True):
            p.grad = g[seed].clone()
        torch.nn.utils.clip_grad_norm_(alone, 1.0)
        for p, q in zip(parameters, alone, strict=True):
            torch.testing.assert_close(p.grad[seed], q.grad, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", ["rezero", "zero"])
def test_blocks_begin_as_the_identity_with_gradients_that_are_not_zero(kind):
    arguments = (6, 4, 3, 5, "relu", he, generators(0, 1))
    net = ReZero(*arguments) if kind == "rezero" else zero_branches(Residual(*arguments))
    x = torch.randn(2, 7, 6, generator=torch.Generator().manual_seed(0))
    y = net(x)
    torch.testing.assert_close(y, net.readout(torch.relu(net.layers[0](x))))
    y.square().sum().backward()
    first = net.scales[0] if kind == "rezero" else net.layers[1].weight
    assert (first.grad != 0).any()


def final(kind, depth):
    return array(RECORD, f"final_loss_{kind}_{depth}")


def epochs(kind, depth):
    return array(RECORD, f"epochs_to_target_{kind}_{depth}")


def test_record_with_root_scaled_branches_a_thousand_layers_learn_as_fast_as_ten():
    seeds = RECORD["settings"]["seeds"]
    assert len(final("scaled", 1000)) == len(epochs("scaled", 1000)) == len(epochs("scaled", 10)) == seeds >= 10
    better = difference(array(RECORD, "train_accuracy_scaled_10"), array(RECORD, "train_accuracy_scaled_1000"))
    assert -0.01 < better.low < better.high < 0.01
    later = difference(epochs("scaled", 10), epochs("scaled", 1000))
    assert -2 < later.low < later.high < 2


@pytest.mark.parametrize("kind", ["rezero", "zero"])
def test_record_with_branches_that_begin_at_zero_a_thousand_layers_need_more_updates_than_ten(kind):
    assert smaller(final(kind, 10), final(kind, 1000)) < 0.01
    assert smaller(epochs(kind, 10), epochs(kind, 1000)) < 0.01


def test_record_controls_ten_layers_against_themselves_and_labels_that_say_nothing():
    ratio = difference(final("scaled", 10), array(RECORD, "final_loss_scaled_10_again"), log=True)
    assert ratio.p > 0.01
    assert array(RECORD, "test_accuracy_scaled_10_shuffled").mean() == pytest.approx(0.1, abs=0.05)
    for kind in ("scaled", "rezero", "zero", "plain"):
        assert array(RECORD, f"untrained_accuracy_{kind}_1000").max() < 0.4
    assert array(RECORD, "train_accuracy_plain_10").min() > 0.5  # so depth is what stops the plain nets of 1000


def test_record_the_unscaled_net_overflows_and_the_plain_one_stays_at_chance():
    seeds = RECORD["settings"]["seeds"]
    assert RECORD["measurements"]["diverged_unscaled_1000"]["values"] == [1] * seeds
    assert RECORD["measurements"]["final_loss_unscaled_1000"]["values"] == [None] * seeds
    assert array(RECORD, "overflow_layer_unscaled").max() < 512
    assert array(RECORD, "diverged_unscaled_10").max() == 0
    chance = centre(RECORD["measurements"]["chance_loss"])
    assert final("plain", 1000) == pytest.approx(chance, rel=0.01)
    assert array(RECORD, "train_accuracy_plain_1000").max() < 0.15


def test_record_begins_at_the_same_size_in_both_nets_that_begin_as_the_identity():
    """ReZero and the zero last layer are one function at first: their deviations are the first layer's, to the last digit."""
    for kind in ("rezero", "zero"):
        deviations = array(RECORD, f"deviation_{kind}")
        assert (deviations == deviations[:, :1]).all()
    assert (array(RECORD, "deviation_rezero") == array(RECORD, "deviation_zero")).all()


def test_training_falls_along_a_cosine_with_momentum_and_clipping():
    """The same steps written out: v ← 0.9 v + g, w ← w − η (1 + cos πt/T)/2 · v, with PyTorch's own clipping."""
    x, labels = torch.randn(14, 4, generator=generators(1)[0]), torch.arange(14) % 3  # batches of 4: two are left over
    trained, by_hand = (Plain(4, 5, 3, 2, "relu", he, generators(0)) for _ in range(2))
    history = train_clipped(trained, 0.5, x[None], labels[None], generators(2), 2, 4, 1.0)
    order = generators(2)
    parameters = list(by_hand.parameters())
    velocities = [torch.zeros_like(p) for p in parameters]
    step, steps, losses = 0, 6, []
    for _ in range(2):
        for index in batches(14, 4, order):
            loss = torch.nn.functional.cross_entropy(by_hand(x[index])[0], labels[index][0])
            losses.append(loss.item())
            gradients = torch.autograd.grad(loss, parameters)
            norm = torch.cat([g.flatten() for g in gradients]).norm()
            rate = 0.5 * (1 + math.cos(math.pi * step / steps)) / 2
            for p, v, g in zip(parameters, velocities, gradients, strict=True):
                v.mul_(0.9).add_(g * min(1.0, 1.0 / norm.item()))
                p.data -= rate * v
            step += 1
    for ours, theirs in zip(trained.parameters(), parameters, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(history, torch.tensor(losses).view(2, 3).mean(1, keepdim=True))


def test_training_ends_where_no_seed_has_a_finite_loss():
    x, labels = torch.randn(2, 4, 4, generator=generators(2)[0]), (torch.arange(4) % 3).expand(2, -1)
    net = Plain(4, 5, 3, 2, "relu", he, generators(0, 1))
    history = train_clipped(net, 1e38, x, labels, generators(0, 1), 9, 4, 1.0)
    assert history.isfinite().tolist() == [[True, True], [False, False]]


def test_accuracy_is_the_share_of_largest_logits_that_stand_at_the_label():
    net = Plain(6, 4, 3, 2, "tanh", he, generators(0, 1))
    x, labels = torch.randn(2, 20, 6, generator=generators(2)[0]), torch.arange(40).view(2, 20) % 3
    expected = []
    for seed in (0, 1):
        logits = Plain(6, 4, 3, 2, "tanh", he, generators(seed))(x[seed : seed + 1])[0].tolist()
        expected.append(sum(row.index(max(row)) == label for row, label in zip(logits, labels[seed].tolist(), strict=True)) / 20)
    assert len(set(expected)) == 2
    assert accuracies(net, x, labels).tolist() == pytest.approx(expected)


def test_in_rezero_every_block_and_seed_has_an_alpha_of_its_own():
    arguments, alphas = (6, 4, 3, 3, "tanh", he), torch.tensor([[0.5, -1.0], [2.0, 0.25]])
    net = ReZero(*arguments, generators(3, 8))
    with torch.no_grad():
        for scale, of_block in zip(net.scales, alphas, strict=True):
            scale.copy_(of_block.view(2, 1, 1))
    x = torch.randn(2, 7, 6, generator=torch.Generator().manual_seed(0))
    for index, seed in enumerate((3, 8)):
        alone = Residual(*arguments, generators(seed))
        z = alone.layers[0](x[index : index + 1])
        for layer, of_block in zip(alone.layers[1:], alphas, strict=True):
            z = z + of_block[index] * layer(torch.tanh(z))
        torch.testing.assert_close(net(x)[index], alone.readout(torch.tanh(z))[0])
    del net.layers[1]  # as a lesion does: which α was the deleted block's is not known
    with pytest.raises(ValueError):
        net(x)


def test_batch_norm_is_pytorchs_also_for_a_feature_that_hardly_varies():
    z = torch.randn(2, 20, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 1e-3, 5.0])
    for seed in (0, 1):
        expected = torch.nn.functional.batch_norm(z[seed], None, None, training=True, eps=1e-5)
        torch.testing.assert_close(batch_norm(z)[seed], expected)
