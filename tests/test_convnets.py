"""Convolutional nets and their blocks against He et al.'s figures and second implementations."""

import pytest
import torch
from torch.nn.functional import conv2d

from scripts.pages import references
from snippets.convnets import ConvNet, blocks_per_stage
from snippets.residual_blocks import Block, PreActivationBlock, shortcut_a


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("depth", [20, 32, 44, 56, 110, 1202])
def test_parameter_counts_are_he_et_als(depth):
    net = ConvNet(depth, (16, 32, 64), 3, 10, True, drawn())
    millions = sum(w.numel() for w in net.parameters()) / 1e6
    printed = references.figure(f"he2015.parameters_{depth}")
    assert f"{millions:.{len(printed.partition('.')[2]) - 1}f}M" == printed


@pytest.mark.parametrize("residual", [False, True])
def test_depth_counts_the_layers_with_weights(residual):
    net = ConvNet(20, (4, 8, 16), 3, 10, residual, drawn())
    assert sum(isinstance(m, torch.nn.Conv2d | torch.nn.Linear) for m in net.modules()) == 20
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 10)


def test_plain_and_residual_begin_with_equal_weights():
    plain, residual = (ConvNet(8, (4, 8, 16), 1, 10, kind, drawn(3)) for kind in (False, True))
    assert all(torch.equal(p, r) for p, r in zip(plain.parameters(), residual.parameters(), strict=True))


@pytest.mark.parametrize(
    ("depth", "nearest"), [(57, "56 and 62"), (55, "50 and 56"), (9, "8 and 14"), (2, "8"), (-4, "8")]
)
def test_a_depth_that_is_not_6n_plus_2_is_an_error(depth, nearest):
    with pytest.raises(ValueError, match=rf"{depth} is not 6n \+ 2 .*nearest is {nearest}"):
        ConvNet(depth, (4, 8, 16), 1, 10, True, drawn())
    assert blocks_per_stage(56) == 9


def test_shortcut_a_pixel_by_pixel():
    x = torch.randn(2, 3, 5, 5)
    expected = torch.zeros(2, 7, 3, 3)
    for channel in range(3):
        for i in range(3):
            for j in range(3):
                expected[:, channel, i, j] = x[:, channel, 2 * i, 2 * j]
    assert torch.equal(shortcut_a(x, 7, 2), expected)
    assert shortcut_a(x, 3, 1) is x
    for width in (5, 7):
        wider = shortcut_a(x, width, 1)
        assert torch.equal(wider[:, :3], x) and not wider[:, 3:].any() and wider.shape[1] == width
    of_two = shortcut_a(torch.cat([x, -x], dim=1), 7, 2, nets=2)
    assert torch.equal(of_two, torch.cat([expected, -expected], dim=1))


def test_blocks_with_a_zero_last_layer_are_the_identity():
    x = torch.randn(4, 6, 8, 8)
    block, preactivated = Block(6, 6, 1, True), PreActivationBlock(6, 6, 1, True)
    torch.nn.init.zeros_(block.bn2.weight)
    torch.nn.init.zeros_(preactivated.conv2.weight)
    assert torch.equal(preactivated(x), x)
    # The ReLU after the addition leaves only what is not negative.
    assert torch.equal(block(x), x.clamp(min=0))


def test_a_plain_block_is_its_branch_alone():
    x = torch.randn(4, 6, 8, 8)
    plain, residual = (kind(6, 6, 1, flag).eval() for kind in [PreActivationBlock] for flag in (False, True))
    residual.load_state_dict(plain.state_dict())
    assert torch.allclose(residual(x) - x, plain(x), atol=1e-6)
    of_2015 = Block(6, 6, 1, False).eval()
    assert torch.equal(of_2015(x), of_2015.branch(x).clamp(min=0))


def test_a_preactivation_block_that_halves_the_image_written_out():
    block, x = PreActivationBlock(3, 5, 2, True).double(), torch.randn(4, 3, 8, 8).double()

    def active(z):
        mean, variance = z.mean((0, 2, 3), keepdim=True), z.var((0, 2, 3), correction=0, keepdim=True)
        return ((z - mean) / (variance + 1e-5).sqrt()).clamp(min=0)

    F = conv2d(active(x), block.conv1.weight, stride=2, padding=1)
    F = conv2d(active(F), block.conv2.weight, padding=1)
    expected = F.clone()
    expected[:, :3] += x[:, :, ::2, ::2]
    torch.testing.assert_close(block(x), expected)
    block.residual = False
    torch.testing.assert_close(block(x), F)


def test_a_preactivated_net_written_out():
    """The first convolution stands bare, and BN and ReLU close the stack: He et al. 2016, fig. 4e and §3."""
    net, x = (
        ConvNet(8, (3, 4, 5), 2, 6, True, drawn(), PreActivationBlock).double(),
        torch.randn(4, 2, 8, 8).double(),
    )
    z = conv2d(x, net.conv.weight, padding=1)
    for block in net.blocks:
        z = block(z)
    z = (
        (z - z.mean((0, 2, 3), keepdim=True)) / (z.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    ).clamp(min=0)
    torch.testing.assert_close(net(x), z.mean((2, 3)) @ net.linear.weight.T + net.linear.bias)


@pytest.mark.parametrize("residual", [False, True])
def test_stages_two_and_three_halve_the_image(residual):
    net, z = ConvNet(14, (3, 4, 5), 2, 6, residual, drawn()).eval(), torch.randn(4, 3, 8, 8)
    for block, shape in zip(net.blocks, [(3, 8), (3, 8), (4, 4), (4, 4), (5, 2), (5, 2)], strict=True):
        width, size = shape
        F = block.branch(z)
        assert F.shape == (4, width, size, size)
        expected = F + shortcut_a(z, width, z.shape[2] // size) if residual else F
        z = block(z)
        assert torch.equal(z, expected.clamp(min=0))


def test_initial_weights_have_the_variances_of_he_and_lecun():
    net = ConvNet(8, (40, 60, 90), 30, 70, True, drawn())
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            assert 9 * len(module.weight) * module.weight.var().item() == pytest.approx(2, rel=0.06)
    assert 90 * net.linear.weight.var().item() == pytest.approx(1, rel=0.06)
    assert not net.linear.bias.any()
