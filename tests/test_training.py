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


def task():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(23, 6, dtype=torch.float64, generator=generator)
    return x, torch.randint(4, (23,), generator=generator)


def plain(seeds):
    net = Plain(6, 5, 4, 2, "tanh", initialisation.xavier, seeds)
    return net.double()


def test_seed_losses_are_mean_negative_log_likelihoods():
    logits = torch.randn(2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([[0, 3, 1], [2, 2, 0]])
    losses = seed_losses(logits, labels)
    for seed in range(2):
        each = [logits[seed, i].exp().sum().log() - logits[seed, i, labels[seed, i]] for i in range(3)]
        torch.testing.assert_close(losses[seed], sum(each) / 3, rtol=1e-12, atol=0)


def test_batches_shuffle_every_seed_by_itself():
    epoch = batches(23, 5, [4, 7], 2)
    assert [index.shape for index in epoch] == [(2, 5)] * 4
    order = torch.cat(epoch, dim=1)
    for row in order:
        assert len(set(row.tolist())) == 20 and set(row.tolist()) <= set(range(23))
    assert not torch.equal(order[0], order[1])
    assert torch.equal(torch.cat(batches(23, 5, [7], 2), dim=1)[0], order[1])
    assert not torch.equal(torch.cat(batches(23, 5, [7], 3), dim=1)[0], order[1])
    # A generator for each epoch and seed, no two alike for seeds below 1000: records are made again from their seeds.
    assert torch.equal(order[1], torch.randperm(23, generator=torch.Generator().manual_seed(2007))[:20])


@pytest.mark.parametrize("name", OPTIMISER)
def test_seeds_trained_together_equal_each_alone(name):
    x, labels = task()
    together = plain([3, 8])
    history = train(together, OPTIMISER[name](together.parameters()), x, labels, [3, 8], epochs=3, batch=5)
    assert history.shape == (3, 2)
    for index, seed in enumerate([3, 8]):
        alone = plain([seed])
        its = train(alone, OPTIMISER[name](alone.parameters()), x, labels, [seed], epochs=3, batch=5)
        torch.testing.assert_close(history[:, index], its[:, 0], rtol=1e-10, atol=0)
        for ours, own in zip(together.parameters(), alone.parameters(), strict=True):
            torch.testing.assert_close(ours[index], own[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMISER)
def test_train_is_the_textbook_loop(name):
    x, labels = task()
    net = plain([3])
    own = torch.nn.Sequential(
        torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 5), torch.nn.Tanh(), torch.nn.Linear(5, 4)
    ).double()
    with torch.no_grad():
        for layer, ours in zip(own[::2], (*net.layers, net.readout), strict=True):
            layer.weight.copy_(ours.weight[0])
            layer.bias.copy_(ours.bias[0, 0])
    history = train(net, OPTIMISER[name](net.parameters()), x, labels, [3], epochs=2, batch=5)

    optimiser, criterion = OPTIMISER[name](own.parameters()), torch.nn.CrossEntropyLoss()
    for epoch in range(2):
        losses = []
        for index in batches(23, 5, [3], epoch):
            optimiser.zero_grad()
            loss = criterion(own(x[index[0]]), labels[index[0]])
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        assert history[epoch, 0].item() == pytest.approx(sum(losses) / 4, rel=1e-10)
    for layer, ours in zip(own[::2], (*net.layers, net.readout), strict=True):
        torch.testing.assert_close(ours.weight[0], layer.weight, rtol=1e-9, atol=1e-12)
