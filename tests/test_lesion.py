"""Deleting a block against writing the smaller net out; the lesion test's record."""

import numpy as np
import pytest
import torch

from scripts.record import array, read
from snippets.initialisation import he
from snippets.lesion import branch_ratios, delete, of_seed
from snippets.networks import NormalisedResidual, Plain, Residual, zero_branches

RECORD = read("lesion")
X = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(0))


def generators(count=2):
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def test_a_residual_net_without_a_block_skips_its_branch():
    net = Residual(6, 4, 3, 3, "relu", he, generators(), scale=0.5)
    z = net.layers[0](X)
    z = z + 0.5 * net.layers[2](torch.relu(z))
    torch.testing.assert_close(delete(net, [1])(X), net.readout(torch.relu(z)))
    assert len(net.layers) == 3


def test_a_residual_net_is_its_plain_twin_plus_shortcuts():
    residual, plain = (kind(6, 4, 3, 3, "relu", he, generators()) for kind in (Residual, Plain))
    for mine, twins in zip(residual.parameters(), plain.parameters(), strict=True):
        assert torch.equal(mine, twins)
    torch.testing.assert_close(delete(residual, [1, 2])(X), delete(plain, [1, 2])(X))


@pytest.mark.parametrize("kind", [Plain, Residual, NormalisedResidual])
def test_the_net_of_one_seed_gives_what_it_gave_among_others(kind):
    net = kind(6, 4, 3, 3, "relu", he, generators())
    for place in range(2):
        torch.testing.assert_close(of_seed(net, place)(X[[place]]), net(X)[[place]])
        torch.testing.assert_close(delete(of_seed(net, place), [2])(X[[place]]), delete(net, [2])(X)[[place]])


def test_deleting_a_block_whose_branch_is_zero_changes_nothing():
    net = zero_branches(Residual(6, 4, 3, 5, "relu", he, generators()))
    for block in range(1, 5):
        assert torch.equal(delete(net, [block])(X), net(X))
    assert not array(RECORD, "zero_branches_change").any()


def test_branch_ratios_of_every_block():
    net = Residual(6, 4, 3, 3, "relu", he, generators(), scale=0.5)
    z = net.layers[0](X)
    F = 0.5 * net.layers[1](torch.relu(z))
    y = z + F
    G = 0.5 * net.layers[2](torch.relu(y))
    expected = [(branch.norm(dim=-1) / x.norm(dim=-1)).mean(1).detach() for branch, x in ((F, z), (G, y))]
    torch.testing.assert_close(branch_ratios(net, X), torch.stack(expected, dim=1))


def test_a_block_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="blocks run from 1 to 2"):
        delete(Plain(6, 4, 3, 3, "relu", he, generators(1)), [0])


def test_record_one_block_less_ruins_plain_nets_only():
    assert array(RECORD, "train_accuracy_plain").min() > 0.98
    assert array(RECORD, "mean_accuracy_without_plain").max() < 0.2
    for kind in ("residual", "residual_bn"):
        lost = array(RECORD, f"whole_accuracy_{kind}") - array(RECORD, f"mean_accuracy_without_{kind}")
        assert np.all(lost < 0.05)


def test_record_branches_shrink_with_depth_under_bn_only():
    assert np.all(
        array(RECORD, "last_branch_ratio_residual_bn") < array(RECORD, "first_branch_ratio_residual_bn")
    )
    ratio = array(RECORD, "last_branch_ratio_residual") / array(RECORD, "first_branch_ratio_residual")
    assert ratio.mean() == pytest.approx(1, abs=0.15)
