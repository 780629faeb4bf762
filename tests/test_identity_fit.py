"""The identity can be expressed exactly; claims 13 and 14 against the record."""

import pytest
import torch

from scripts.record import array, centre, read
from snippets.identity_fit import Stack, fit_identity, make_identity

RECORD = read("identity_fit")


def errors(kind, activation, width, depth):
    return array(RECORD, f"error_{kind}_{activation}_{width}_{depth}")


def test_relu_stacks_of_width_2n_can_be_the_identity():
    stack = make_identity(Stack(3, 8, 6, "relu", False, [0, 1]))
    x = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0))
    assert torch.equal(stack(x), x)


def test_record_the_construction_is_exact():
    assert all(centre(RECORD["measurements"][f"constructed_error_{d}"]) == 0 for d in (1, 4, 16))


def test_record_plain_stacks_miss_the_identity_more_with_depth():
    for activation in ("relu", "tanh"):
        for width in (16, 32, 64):
            one, four, sixteen = (errors("plain", activation, width, d) for d in (1, 4, 16))
            assert one.max() < four.min() and four.max() < sixteen.min()


def test_record_a_shortcut_helps_but_not_sixteen_unscaled_relu_blocks():
    for width in (16, 32, 64):
        for activation, depth in (("tanh", 1), ("tanh", 4), ("tanh", 16), ("relu", 1), ("relu", 4)):
            assert (
                errors("residual", activation, width, depth).max()
                < errors("plain", activation, width, depth).min()
            )
        assert errors("residual", "relu", width, 16).min() > errors("plain", "relu", width, 16).max()


@pytest.mark.parametrize("shortcut", [False, True])
def test_a_stack_is_its_blocks_written_out(shortcut):
    stack = Stack(3, 5, 2, "tanh", shortcut, [0, 1])
    x = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(0))
    for seed in (0, 1):
        y = x[seed]
        for inner, outer in zip(stack.inner, stack.outer, strict=True):
            hidden = torch.tanh(torch.nn.functional.linear(y, inner.weight[seed], inner.bias[seed, 0]))
            F = torch.nn.functional.linear(hidden, outer.weight[seed], outer.bias[seed, 0])
            y = y + F if shortcut else F
        torch.testing.assert_close(stack(x)[seed], y)


def test_a_relu_block_keeps_the_variance_of_what_enters_it():
    stack = Stack(64, 512, 1, "relu", False, range(8))
    x = torch.randn(8, 500, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert stack(x).square().mean().item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("activation", "gain"), [("relu", 2), ("tanh", 1)])
def test_weights_have_the_variance_that_their_inputs_ask_for(activation, gain):
    stack = Stack(150, 200, 2, activation, False, [0])
    for inner, outer in zip(stack.inner, stack.outer, strict=True):
        assert 150 * inner.weight.var().item() == pytest.approx(1, rel=0.05)
        assert 200 * outer.weight.var().item() == pytest.approx(gain, rel=0.05)


def test_half_a_block_is_an_error():
    stack = Stack(3, 8, 2, "relu", False, [0])
    del stack.outer[-1]
    with pytest.raises(ValueError):
        stack(torch.ones(1, 1, 3))
    with pytest.raises(ValueError):
        make_identity(stack)


def test_the_fit_lowers_the_squared_distance_to_the_input():
    """Each seed's error without training, from the same draws, and one step of Adam by autograd on it."""
    arguments, seeds = (3, 8, 1, "tanh", True), [0, 1]
    generator = torch.Generator().manual_seed(1)
    untrained = Stack(*arguments, seeds)
    x = torch.randn(2, 4096, 3, generator=generator)
    expected = torch.stack([torch.nn.functional.mse_loss(untrained(x)[s], x[s]) for s in seeds])
    torch.testing.assert_close(fit_identity(untrained, 3, seeds, 0, 16, 0.01), expected.detach())

    trained, by_hand = Stack(*arguments, seeds), Stack(*arguments, seeds)
    fit_identity(trained, 3, seeds, 1, 16, 0.01)
    x = torch.randn(2, 16, 3, generator=torch.Generator().manual_seed(1))
    for seed in seeds:
        torch.nn.functional.mse_loss(by_hand(x)[seed], x[seed]).backward()
    torch.optim.Adam(by_hand.parameters(), lr=0.01).step()
    for ours, theirs in zip(trained.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)
