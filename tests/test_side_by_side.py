"""Nets side by side against each of them by itself."""

import pytest
import torch

from snippets.convnets import ConvNet
from snippets.residual_blocks import Block, PreActivationBlock
from snippets.side_by_side import SideBySide, join


def convnet(depth, widths, classes, residual, seed, block=Block):
    return ConvNet(depth, widths, 1, classes, residual, torch.Generator().manual_seed(seed), block)


@pytest.mark.parametrize("block", [Block, PreActivationBlock])
@pytest.mark.parametrize("residual", [False, True])
def test_the_logits_and_running_statistics_are_each_nets_own(residual, block):
    build = [convnet(14, (2, 3, 4), 5, residual, seed, block).double() for seed in (0, 1, 2, 0, 1, 2)]
    alone, nets = build[:3], build[3:]
    x = torch.randn(3, 6, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    together = SideBySide(nets)
    for logits, net, images in zip(together(x), alone, x, strict=True):
        torch.testing.assert_close(logits, net(images))
    for ours, theirs in zip(nets, alone, strict=True):
        expected = theirs.state_dict()
        for name, tensor in ours.state_dict().items():
            if tensor.dim():
                torch.testing.assert_close(tensor, expected[name], msg=name)


def test_one_net_alone_is_itself():
    net, x = convnet(8, (2, 3, 4), 5, True, 0).double(), torch.randn(6, 1, 8, 8).double()
    torch.testing.assert_close(SideBySide([net])(x[None])[0], net(x))


def test_nets_of_different_shapes_are_an_error():
    nets = [convnet(8, (2, 3, 4), 5, True, 0) for _ in range(2)]
    nets[1].dropout = torch.nn.Dropout()
    with pytest.raises(ValueError):
        SideBySide(nets)
    with pytest.raises(ValueError):
        join(torch.empty(0), [torch.zeros(width, 2) for width in (3, 4)])


def test_the_nets_are_views_of_what_is_trained():
    nets = [convnet(8, (2, 3, 4), 5, True, seed) for seed in (0, 1)]
    for w in SideBySide(nets).parameters():
        w.data.fill_(3)
    assert all((w == 3).all() for net in nets for w in net.parameters())


def test_a_net_that_diverged_leaves_the_others_alone():
    """A convolution in groups may share a vector's lanes between nets: 0 times NaN would be NaN."""
    nets = [convnet(8, (8, 16, 32), 10, True, seed) for seed in (0, 1)]
    together = SideBySide(nets)
    torch.nn.init.constant_(nets[0].conv.weight.data, float("nan"))
    logits = together(torch.randn(2, 16, 1, 8, 8, generator=torch.Generator().manual_seed(0)))
    logits.square().sum((1, 2))[1].backward()
    assert [bool(part.isfinite().all()) for part in logits] == [False, True]
    for w in together.parameters():
        assert w.grad.unflatten(0, (2, -1))[1].isfinite().all()
