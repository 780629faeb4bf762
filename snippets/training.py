"""Training: minibatches, the loss, and an optimiser's steps."""

import torch
from torch.nn.functional import cross_entropy


# --8<-- [start:seed_losses]
def seed_losses(logits, labels):
    """The mean cross-entropy of each seed: logits (seeds, batch, classes), labels (seeds, batch); shape (seeds,)."""
    return cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none").view(labels.shape).mean(1)
# --8<-- [end:seed_losses]


def batches(count, batch, generators):
    """Indices of the minibatches of one epoch, (seeds, batch) each: every seed shuffles by its own generator; a rest is dropped."""
    orders = [torch.randperm(count, generator=generator) for generator in generators]
    return torch.stack(orders)[:, : count // batch * batch].split(batch, dim=1)


def nothing(*_):
    """What happens at a moment of the training that nobody observes."""


def both(first, second):
    """Two things that happen at one moment of the training, one after the other."""

    def happen(*moment):
        first(*moment)
        second(*moment)

    return happen


# --8<-- [start:train]
def train(
    net, optimiser, x, labels, generators, epochs, batch, before_step=nothing, after_step=nothing, after_epoch=nothing
):
    """Train `net`; x is (seeds, count, …), labels (seeds, count). Returns every epoch's mean loss by seed, (epochs, seeds).

    Each seed draws its minibatches by its own generator. `after_epoch` is called with 0 first, then with 1, 2, …
    It ends after an epoch in which no seed's loss is finite: none can recover from NaN weights.
    """
    history, seeds = [], torch.arange(len(labels)).unsqueeze(1)
    after_epoch(0)
    for epoch in range(epochs):
        losses = []
        for index in batches(labels.shape[1], batch, generators):
            loss = seed_losses(net(x[seeds, index]), labels[seeds, index])
            optimiser.zero_grad()
            # The seeds share no weight, so the gradient of the sum is every seed's own gradient.
            loss.sum().backward()
            before_step()
            optimiser.step()
            after_step()
            losses.append(loss.detach())
        history.append(torch.stack(losses).mean(0))
        if not history[-1].isfinite().any():
            break
        after_epoch(epoch + 1)
    return torch.stack(history)
# --8<-- [end:train]


def cosine(optimiser, steps):
    """The learning rate of step t is η (1 + cos(π t / T)) / 2. Loshchilov & Hutter 2017, "SGDR", eq. 5."""
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps).step
