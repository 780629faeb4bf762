"""The batched nets against PyTorch's own linear layers, seed by seed."""

import pytest
import torch
from torch.nn.functional import linear

from snippets import initialisation
from snippets.networks import ACTIVATION, Linear, Plain, Residual

SIZES = {"inputs": 7, "width": 5, "classes": 3, "depth": 4}


def drawn(seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def plain(seeds, activation="tanh", variance=initialisation.xavier):
    return Plain(**SIZES, activation=activation, variance=variance, generators=drawn(seeds)).double()


def one_seed(net, index, x, activation):
    """Seed number `index` of `net` on x of shape (batch, inputs), by unbatched layers."""
    for layer in net.layers:
        x = activation(linear(x, layer.weight[index], layer.bias[index, 0]))
    return linear(x, net.readout.weight[index], net.readout.bias[index, 0])


@pytest.mark.parametrize(
    "name, activation",
    [
        ("sigmoid", lambda z: 1 / (1 + torch.exp(-z))),
        ("tanh", torch.nn.Tanh()),
        ("relu", lambda z: z.clamp(min=0)),
    ],
)
def test_plain_is_linear_layers_and_activations(name, activation):
    net = plain([3, 8], name)
    with torch.no_grad():
        for layer in (*net.layers, net.readout):
            layer.bias.normal_(generator=torch.Generator().manual_seed(1))
    x = torch.randn(2, 6, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    logits = net(x)
    assert logits.shape == (2, 6, 3)
    for index in range(2):
        torch.testing.assert_close(
            logits[index], one_seed(net, index, x[index], activation), rtol=1e-12, atol=1e-14
        )


def test_a_seed_does_not_depend_on_the_others():
    together, alone = plain([0, 5, 9]), plain([5])
    for ours, its in zip(together.parameters(), alone.parameters(), strict=True):
        assert torch.equal(ours[1], its[0])
    x = torch.randn(6, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(together(x.expand(3, 6, 7))[1], alone(x[None])[0], rtol=1e-12, atol=1e-14)


def test_seeds_and_layers_draw_different_weights():
    net = plain([0, 1])
    assert not torch.equal(net.layers[1].weight[0], net.layers[1].weight[1])
    assert not torch.equal(net.layers[1].weight[0], net.layers[2].weight[0])
    assert len(net.layers) == SIZES["depth"]
    assert (
        sum(parameter[0].numel() for parameter in net.parameters())
        == (7 + 1) * 5 + 3 * (5 + 1) * 5 + (5 + 1) * 3
    )


def test_each_layer_is_drawn_with_the_variance_of_its_own_sizes():
    seen = []

    def variance(inputs, outputs):
        seen.append((inputs, outputs))
        return 1.0

    plain([0], variance=variance)
    assert seen == [(7, 5), (5, 5), (5, 5), (5, 5), (5, 3)]
    layer = Linear(400, 300, 0.01, drawn([0]))
    assert layer.weight.shape == (1, 300, 400)
    assert layer.weight.var().item() == pytest.approx(0.01, rel=0.02)
    assert abs(layer.weight.mean().item()) < 0.001
    assert not layer.bias.any()


def test_kinds_that_draw_from_equal_generators_begin_with_equal_weights():
    ours, residual = (kind(**SIZES, activation="relu", variance=initialisation.he, generators=drawn([4, 6])) for kind in (Plain, Residual))
    for one, other in zip(ours.parameters(), residual.parameters(), strict=True):
        assert torch.equal(one, other)


def test_activations_by_name():
    assert ACTIVATION == {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
