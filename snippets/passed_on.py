"""What the blocks of a net pass on of a batch: do its images stay apart, and those of a class together?"""

import copy

import torch
from torch.nn.functional import cross_entropy, normalize


# --8<-- [start:likeness]
def class_signal(a, labels):
    """How much more alike images of one class are than those of two: the difference of their mean cosines, 0 where a class is forgotten.

    a is (batch, …), what a layer gives for each image; its mean over the batch is taken off first. labels is (batch,).
    """
    a = a.flatten(1)
    directions = normalize(a - a.mean(0), dim=1)
    cosines = directions @ directions.T
    same = labels[:, None] == labels
    pairs = ~torch.eye(len(a), dtype=torch.bool)
    return (cosines[same & pairs].mean() - cosines[~same].mean()).item()


def effective_rank(a):
    """In how many directions a batch spreads: (Σλ)² / Σλ², λ being the eigenvalues of its covariance; 1 where all lies on a line, 0 in a point.

    The participation ratio of Gao et al. 2017, "A theory of multineuronal dimensionality, dynamics and measurement", eq. 2.
    """
    a = a.flatten(1)
    a = a - a.mean(0)
    products = a @ a.T  # with the same eigenvalues but for those that are 0
    spread = products.square().sum().item()
    return products.trace().item() ** 2 / spread if spread else 0.0


# --8<-- [end:likeness]


# --8<-- [start:passed_on]
def passed_on(net, x, labels):
    """Of each block's output: class signal, effective rank, and the effective rank of the loss's gradient, first block to last.

    BN takes the statistics of x. A copy of the net is asked, so that its running statistics stay.
    """
    net, outputs = copy.deepcopy(net).train(), []

    def keep(_, __, output):
        output.retain_grad()
        outputs.append(output)

    for block in net.blocks:
        block.register_forward_hook(keep)
    cross_entropy(net(x), labels).backward()
    return (
        [class_signal(a.detach(), labels) for a in outputs],
        [effective_rank(a.detach()) for a in outputs],
        [effective_rank(a.grad) for a in outputs],
    )


# --8<-- [end:passed_on]
