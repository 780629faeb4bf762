"""The identity can be expressed exactly; claims 13 and 14 against the record."""

import numpy as np
import pytest
import torch

from scripts.measure.task_identity_fit import KINDS
from scripts.record import array, centre, read
from scripts.statistics import RANK_LEVEL, smaller
from snippets.identity_fit import Stack, fit_identity, make_identity

RECORD = read("identity_fit")


def drawn(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def errors(kind, activation, width, depth):
    return array(RECORD, f"error_{kind}_{activation}_{width}_{depth}")


def test_relu_stacks_of_width_2n_can_be_the_identity():
    stack = make_identity(Stack(3, 8, 6, "relu", False, drawn(0, 1)))
    x = torch.randn(2, 50, 3, generator=drawn(0)[0])
    assert torch.equal(stack(x), x)


def test_record_the_construction_is_exact_and_training_stays_there():
    assert all(centre(RECORD["measurements"][f"constructed_error_{d}"]) == 0 for d in (1, 4, 16))
    assert centre(RECORD["measurements"]["constructed_then_fitted_error"]) == 0


def test_record_plain_stacks_miss_the_identity_more_with_depth():
    for activation in ("relu", "tanh"):
        for width in (32, 64):
            one, four, sixteen = (errors("plain", activation, width, d) for d in (1, 4, 16))
            assert smaller(one, four) < RANK_LEVEL and smaller(four, sixteen) < RANK_LEVEL


def test_record_scaled_branches_fit_what_plain_stacks_do_not():
    """Claim 14: the same weights, inputs and updates; what differs is the shortcut and the branches' scale."""
    for activation in ("relu", "tanh"):
        for width in (32, 64):
            for depth in (4, 16):
                assert smaller(errors("scaled", activation, width, depth), errors("plain", activation, width, depth)) < RANK_LEVEL


def test_record_no_plain_stack_is_unstable():
    """Claim 14: none diverged, and none ended above answering 0, whose error is the variance of a component."""
    assert centre(RECORD["measurements"]["diverged_plain"]) == 0
    assert max(errors("plain", a, w, d).mean() for a in ("relu", "tanh") for w in (32, 64) for d in (1, 4, 16)) < 1.05


def test_record_unscaled_branches_are_worse_than_none_in_sixteen_relu_blocks():
    for width in (32, 64):
        assert smaller(errors("plain", "relu", width, 16), errors("residual", "relu", width, 16)) < RANK_LEVEL


def test_one_scaled_block_is_one_unscaled_block():
    """A control: 1/√1 is 1, and the seeds are shared, so the two kinds are the same."""
    assert [KINDS["scaled"][1](depth) for depth in (1, 4, 16)] == [1, 0.5, 0.25]
    for activation in ("relu", "tanh"):
        assert np.array_equal(errors("scaled", activation, 64, 1), errors("residual", activation, 64, 1))


@pytest.mark.parametrize(("shortcut", "scale"), [(False, ()), (True, ()), (True, (0.25,))])
def test_a_stack_is_its_blocks_written_out(shortcut, scale):
    stack = Stack(3, 5, 2, "tanh", shortcut, drawn(0, 1), *scale)
    x = torch.randn(2, 7, 3, generator=drawn(0)[0])
    for seed in (0, 1):
        y = x[seed]
        for inner, outer in zip(stack.inner, stack.outer, strict=True):
            hidden = torch.tanh(torch.nn.functional.linear(y, inner.weight[seed], inner.bias[seed, 0]))
            F = torch.nn.functional.linear(hidden, outer.weight[seed], outer.bias[seed, 0])
            y = y + sum(scale or [1]) * F if shortcut else F
        torch.testing.assert_close(stack(x)[seed], y)


def test_a_relu_block_keeps_the_variance_of_what_enters_it():
    stack = Stack(64, 512, 1, "relu", False, drawn(*range(8)))
    x = torch.randn(8, 500, 64, generator=drawn(0)[0])
    with torch.no_grad():
        assert stack(x).square().mean().item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("activation", "gain"), [("relu", 2), ("tanh", 1)])
def test_weights_have_the_variance_that_their_inputs_ask_for(activation, gain):
    stack = Stack(150, 200, 2, activation, False, drawn(0))
    for inner, outer in zip(stack.inner, stack.outer, strict=True):
        assert 150 * inner.weight.var().item() == pytest.approx(1, rel=0.05)
        assert 200 * outer.weight.var().item() == pytest.approx(gain, rel=0.05)


def test_half_a_block_is_an_error():
    stack = Stack(3, 8, 2, "relu", False, drawn(0))
    del stack.outer[-1]
    with pytest.raises(ValueError):
        stack(torch.ones(1, 1, 3))
    with pytest.raises(ValueError):
        make_identity(stack)


def test_the_fit_lowers_the_squared_distance_to_the_input():
    """Each seed's error without training, from the same draws, and one step of Adam by autograd on it."""
    arguments = 3, 8, 1, "tanh", True
    untrained = Stack(*arguments, drawn(0, 1))
    x = torch.stack([torch.randn(4096, 3, generator=generator) for generator in drawn(2, 3)])
    expected = torch.stack([torch.nn.functional.mse_loss(untrained(x)[s], x[s]) for s in (0, 1)])
    torch.testing.assert_close(fit_identity(untrained, 3, drawn(2, 3), 0, 16, 0.01), expected.detach())

    trained, by_hand = Stack(*arguments, drawn(0, 1)), Stack(*arguments, drawn(0, 1))
    fit_identity(trained, 3, drawn(2, 3), 1, 16, 0.01)
    for seed, generator in enumerate(drawn(2, 3)):
        x = torch.randn(16, 3, generator=generator).expand(2, 16, 3)
        torch.nn.functional.mse_loss(by_hand(x)[seed], x[seed]).backward()
    torch.optim.Adam(by_hand.parameters(), lr=0.01).step()
    for ours, theirs in zip(trained.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)
