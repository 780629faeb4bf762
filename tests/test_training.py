"""The training loop against a plain one: unbatched, one seed at a time, on a few small steps."""

import pytest
import torch

from snippets import initialisation
from snippets.networks import Plain
from snippets.training import batches, seed_losses, train

OPTIMISER = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.2),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
}


def drawn(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def task(seeds=1):
    """Images and labels of their own for each seed."""
    (generator,) = drawn(0)
    x = torch.randn(seeds, 23, 6, dtype=torch.float64, generator=generator)
    return x, torch.randint(4, (seeds, 23), generator=generator)


def plain(*seeds):
    return Plain(6, 5, 4, 2, "tanh", initialisation.xavier, drawn(*seeds)).double()


def test_seed_losses_are_mean_negative_log_likelihoods():
    logits = torch.randn(2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([[0, 3, 1], [2, 2, 0]])
    losses = seed_losses(logits, labels)
    for seed in range(2):
        each = [logits[seed, i].exp().sum().log() - logits[seed, i, labels[seed, i]] for i in range(3)]
        torch.testing.assert_close(losses[seed], sum(each) / 3, rtol=1e-12, atol=0)


def test_batches_shuffle_every_seed_by_its_own_generator():
    epoch = batches(23, 5, drawn(4, 7))
    assert [index.shape for index in epoch] == [(2, 5)] * 4
    order = torch.cat(epoch, dim=1)
    for row in order:
        assert len(set(row.tolist())) == 20 and set(row.tolist()) <= set(range(23))
    assert not torch.equal(order[0], order[1])
    assert torch.equal(torch.cat(batches(23, 5, drawn(7)), dim=1)[0], order[1])


def test_batches_go_on_from_epoch_to_epoch():
    together, (alone,) = drawn(4, 7), drawn(7)
    epochs = [torch.cat(batches(23, 5, together), dim=1)[1] for _ in range(3)]
    assert not torch.equal(epochs[0], epochs[1]) and not torch.equal(epochs[1], epochs[2])
    for order in epochs:
        assert torch.equal(order, torch.randperm(23, generator=alone)[:20])


@pytest.mark.parametrize("name", OPTIMISER)
def test_seeds_trained_together_equal_each_alone(name):
    x, labels = task(2)
    together = plain(3, 8)
    history = train(together, OPTIMISER[name](together.parameters()), x, labels, drawn(13, 18), epochs=3, batch=5)
    assert history.shape == (3, 2)
    for index, seed in enumerate([3, 8]):
        alone, own = plain(seed), slice(index, index + 1)
        its = train(alone, OPTIMISER[name](alone.parameters()), x[own], labels[own], drawn(seed + 10), epochs=3, batch=5)
        torch.testing.assert_close(history[:, index], its[:, 0], rtol=1e-10, atol=0)
        for ours, own in zip(together.parameters(), alone.parameters(), strict=True):
            torch.testing.assert_close(ours[index], own[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMISER)
def test_train_is_the_textbook_loop(name):
    x, labels = task()
    net = plain(3)
    own = torch.nn.Sequential(
        torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 5), torch.nn.Tanh(), torch.nn.Linear(5, 4)
    ).double()
    with torch.no_grad():
        for layer, ours in zip(own[::2], (*net.layers, net.readout), strict=True):
            layer.weight.copy_(ours.weight[0])
            layer.bias.copy_(ours.bias[0, 0])
    history = train(net, OPTIMISER[name](net.parameters()), x, labels, drawn(9), epochs=2, batch=5)

    optimiser, criterion, again = OPTIMISER[name](own.parameters()), torch.nn.CrossEntropyLoss(), drawn(9)
    for epoch in range(2):
        losses = []
        for index in batches(23, 5, again):
            optimiser.zero_grad()
            loss = criterion(own(x[0, index[0]]), labels[0, index[0]])
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        assert history[epoch, 0].item() == pytest.approx(sum(losses) / 4, rel=1e-10)
    for layer, ours in zip(own[::2], (*net.layers, net.readout), strict=True):
        torch.testing.assert_close(ours.weight[0], layer.weight, rtol=1e-9, atol=1e-12)


def test_a_seed_that_diverges_leaves_the_others_alone():
    x, labels = task(2)
    together, alone = plain(3, 8), plain(8)
    together.layers[0].weight.data[0] = float("inf")
    history = train(together, OPTIMISER["sgd"](together.parameters()), x, labels, drawn(13, 18), epochs=2, batch=5)
    its = train(alone, OPTIMISER["sgd"](alone.parameters()), x[1:], labels[1:], drawn(18), epochs=2, batch=5)
    assert not history[:, 0].isfinite().any()
    torch.testing.assert_close(history[:, 1:], its, rtol=1e-10, atol=0)


def test_training_ends_where_no_seed_is_left():
    x, labels = task(2)
    net = plain(3, 8)
    net.layers[0].weight.data.fill_(float("nan"))
    assert train(net, OPTIMISER["sgd"](net.parameters()), x, labels, drawn(13, 18), epochs=5, batch=5).shape == (1, 2)
