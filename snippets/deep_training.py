"""Training very deep nets: gradients clipped seed by seed, and a learning rate that falls to 0 along a cosine."""

import torch

from snippets.training import cosine, train


# --8<-- [start:clip]
def clip(parameters, limit):
    """Scale each seed's gradient to a norm of at most `limit`; the first axis of every parameter runs over the seeds.

    Pascanu et al. 2013, "On the difficulty of training Recurrent Neural Networks", algorithm 1.
    """
    gradients = [parameter.grad for parameter in parameters]
    norms = sum(g.flatten(1).square().sum(1) for g in gradients).sqrt()
    factors = (limit / norms).clamp(max=1)
    for g in gradients:
        g.mul_(factors.view(-1, *[1] * (g.dim() - 1)))
# --8<-- [end:clip]


# --8<-- [start:train_clipped]
def train_clipped(net, learning_rate, x, labels, generators, epochs, batch, limit):
    """SGD with momentum 0.9; x is (seeds, count, inputs), labels (seeds, count). Returns every epoch's mean loss by seed, (epochs run, seeds)."""
    parameters = list(net.parameters())
    optimiser = torch.optim.SGD(parameters, lr=learning_rate, momentum=0.9)
    return train(
        net,
        optimiser,
        x,
        labels,
        generators,
        epochs,
        batch,
        before_step=lambda: clip(parameters, limit),
        after_step=cosine(optimiser, epochs * (labels.shape[1] // batch)),
    )
# --8<-- [end:train_clipped]


def accuracies(net, x, labels):
    """The share of images classified correctly, by seed; x is (seeds, count, inputs), labels (seeds, count)."""
    with torch.no_grad():
        return (net(x).argmax(-1) == labels).double().mean(1)
