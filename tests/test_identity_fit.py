"""The identity can be expressed exactly; claims 13 and 14 against the record."""

import torch

from scripts.record import array, centre, read
from snippets.identity_fit import Stack, make_identity

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
