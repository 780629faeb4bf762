"""Clipping against PyTorch's, the 1000-layer nets' beginnings; claim 20's training half against the record."""

import pytest
import torch

from scripts.record import array, centre, read
from snippets.deep_training import clip
from snippets.initialisation import he
from snippets.networks import ReZero, Residual, zero_branches

RECORD = read("thousand_layers")


def test_clipping_by_seed_is_pytorchs_clipping_of_each_seed():
    generator = torch.Generator().manual_seed(0)
    parameters = [torch.zeros(2, 3, requires_grad=True), torch.zeros(2, 4, 1, requires_grad=True)]
    for p in parameters:
        p.grad = torch.randn(p.shape, generator=generator) * torch.tensor([5, 0.01]).view(
            2, *[1] * (p.dim() - 1)
        )
    before = [p.grad.clone() for p in parameters]
    clip(parameters, 1.0)
    for seed in (0, 1):
        alone = [torch.zeros_like(g[seed], requires_grad=True) for g in before]
        for p, g in zip(alone, before, strict=True):
            p.grad = g[seed].clone()
        torch.nn.utils.clip_grad_norm_(alone, 1.0)
        for p, q in zip(parameters, alone, strict=True):
            torch.testing.assert_close(p.grad[seed], q.grad, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", ["rezero", "zero"])
def test_blocks_begin_as_the_identity_with_gradients_that_are_not_zero(kind):
    arguments = (6, 4, 3, 5, "relu", he, [0, 1])
    net = ReZero(*arguments) if kind == "rezero" else zero_branches(Residual(*arguments))
    x = torch.randn(2, 7, 6, generator=torch.Generator().manual_seed(0))
    y = net(x)
    torch.testing.assert_close(y, net.readout(torch.relu(net.layers[0](x))))
    y.square().sum().backward()
    first = net.scales[0] if kind == "rezero" else net.layers[1].weight
    assert (first.grad != 0).any()


def test_record_two_ways_reach_98_percent_with_every_seed():
    for kind in ("scaled", "rezero"):
        assert len(array(RECORD, f"train_accuracy_{kind}")) >= 5
        assert array(RECORD, f"train_accuracy_{kind}").min() > 0.98


def test_record_the_unscaled_net_overflows_and_the_plain_one_stays_at_chance():
    seeds = RECORD["settings"]["seeds"]
    assert centre(RECORD["measurements"]["diverged_unscaled"]) == seeds
    assert RECORD["measurements"]["final_loss_unscaled"]["values"] == [None] * seeds
    assert array(RECORD, "last_finite_layer_unscaled").max() < 500
    assert array(RECORD, "train_accuracy_plain").max() < 0.15
