"""Identity blocks with BatchNorm: exact with its running statistics, and how far off by the batch."""

import copy

import pytest
import torch
from torch import nn

from scripts.record import array, read
from snippets.convnets import ConvNet
from snippets.identity_through_bn import by_batches, deepened, identity_block
from snippets.residual_blocks import Block

RECORD = read("identity_through_bn")


def images(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1)).double()


def convnet(depth, residual):
    """A net whose running statistics are those of no batch."""
    net = ConvNet(depth, (2, 3, 4), 1, 5, residual, torch.Generator().manual_seed(0)).double()
    for _ in range(3):
        net.train()(images(40, 1, 8, 8) * 2)
    return net.eval()


def test_kernels_that_copy_are_not_enough() -> None:
    """W = I gives BN(x), not x."""
    x, block = images(50, 3, 4, 4), Block(3, 3, 1, False).double()
    for conv in (block.conv1, block.conv2):
        nn.init.dirac_(conv.weight)
    normalised = (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(block.branch(x), block.bn2(normalised.relu()))
    assert not torch.allclose(block(x), x, atol=0.1)


@pytest.mark.parametrize("residual", [False, True])
def test_a_block_is_the_identity_of_what_is_not_negative(residual) -> None:
    x = images(50, 3, 4, 4)
    block = identity_block(x, residual)
    for given in (x, 7 * x, x[:1]):
        torch.testing.assert_close(block.eval()(given), given, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(block(x - 0.5), (x - 0.5).relu(), rtol=1e-12, atol=1e-12)
    # By the batch: the statistics of these images are the block's own, those of others are not.
    torch.testing.assert_close(block.train()(x), x, rtol=1e-12, atol=1e-12)
    assert torch.equal(block(7 * x), 7 * x) == residual


@pytest.mark.parametrize("residual", [False, True])
def test_a_deepened_net_computes_the_same_with_running_statistics(residual) -> None:
    shallow, x = convnet(8, residual), images(40, 1, 8, 8)
    before = copy.deepcopy(shallow.state_dict())
    deep = deepened(shallow, 2, x)
    assert sum(isinstance(module, nn.Conv2d | nn.Linear) for module in deep.modules()) == 20
    strides = [block.stride for block in deep.blocks]
    assert strides == [1, 1, 1, 2, 1, 1, 2, 1, 1], "no block more that changes the shape"
    torch.testing.assert_close(deep(x), shallow(x), rtol=1e-12, atol=1e-12)
    # Of other images, too, and however many at a time.
    other = images(60, 1, 8, 8)[40:]
    torch.testing.assert_close(by_batches(deep, other, 7, training=False), shallow(other), rtol=1e-12, atol=1e-12)
    batches = by_batches(shallow, other, 10), by_batches(deep, other, 10)
    assert torch.allclose(*batches, rtol=1e-12, atol=1e-12) == residual
    assert all(torch.equal(tensor, before[name]) for name, tensor in shallow.state_dict().items()), "the net itself was changed"


def test_by_batches_takes_the_statistics_of_each_batch() -> None:
    net, x = convnet(8, False), images(40, 1, 8, 8)
    expected = torch.cat([copy.deepcopy(net).train()(x[:20]), copy.deepcopy(net).train()(x[20:])])
    torch.testing.assert_close(by_batches(net, x, 20), expected)
    assert not torch.allclose(expected, net(x), atol=1e-3)


def test_record_the_paradox_holds_for_nets_with_bn() -> None:
    """The constructed 56 layers have the loss of 8; by the batch they are off by percents, not by much."""
    assert array(RECORD, "off_in_evaluation").max() < 1e-5
    assert 1e-3 < array(RECORD, "off_by_batches").min() < array(RECORD, "off_by_batches").max() < 0.1
    assert array(RECORD, "loss_by_batches_deepened").max() < array(read("degradation_plain"), "final_loss_56").min()


def test_record_shortcuts_with_branches_of_zero_change_nothing_in_either_mode() -> None:
    assert not array(RECORD, "off_by_batches_residual").any()
