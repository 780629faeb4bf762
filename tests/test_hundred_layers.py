"""Highway nets and well-chosen initial weights against the same nets written out; claim 1's record."""

import numpy as np
import pytest
import torch
from scipy.stats import ortho_group

from scripts.record import array, read
from scripts.statistics import RANK_LEVEL, mean_interval, smaller
from snippets.highway import Highway, carried, haar, make_looks_linear, make_orthogonal
from snippets.initialisation import he, xavier
from snippets.networks import Plain

RECORD = read("hundred_layers")
X = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(0))


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def highway(depth: int, *seeds: int, gate_bias: float) -> Highway:
    gates = generators(*(1000 + seed for seed in seeds))
    return Highway(6, 4, 3, depth, "tanh", xavier, generators(*seeds), gates, gate_bias)


def test_a_highway_net_written_out_for_one_seed():
    net = highway(3, 3, 8, gate_bias=-1.5)
    for gate in net.gates:
        assert torch.all(gate.bias == -1.5)
    with torch.no_grad():
        net.layers[1].bias += 0.3
    a = X[1].numpy()

    def affine(layer, a):
        return a @ layer.weight[1].detach().numpy().T + layer.bias[1].detach().numpy()

    a = np.tanh(affine(net.layers[0], a))
    for layer, gate in zip(net.layers[1:], net.gates, strict=True):
        T = 1 / (1 + np.exp(-affine(gate, a)))
        a = T * np.tanh(affine(layer, a)) + (1 - T) * a
    np.testing.assert_allclose(net(X)[1].detach().numpy(), affine(net.readout, a), rtol=1e-5, atol=1e-6)


def test_a_layer_without_a_gate_is_an_error():
    net = highway(3, 3, 8, gate_bias=-1)
    del net.gates[-1]
    with pytest.raises(ValueError):
        net(X)


def test_a_highway_net_shares_its_weights_with_the_plain_net_and_draws_gates_of_its_own():
    net, plain = highway(3, 3, 8, gate_bias=-1), Plain(6, 4, 3, 3, "tanh", xavier, generators(3, 8))
    for layer, twin in zip(net.layers, plain.layers, strict=True):
        assert torch.equal(layer.weight, twin.weight)
    alone = highway(3, 8, gate_bias=-1)
    for gate, layer, single in zip(net.gates, net.layers[1:], alone.gates, strict=True):
        assert torch.equal(gate.weight[1:], single.weight)
        assert not torch.equal(gate.weight, layer.weight)
        assert gate.weight.shape == (2, 4, 4)
    drawn = torch.randn(4, 4, generator=torch.Generator().manual_seed(1008))
    torch.testing.assert_close(alone.gates[0].weight[0], drawn / 2)  # Xavier: variance 2 / (4 + 4)


@pytest.mark.parametrize("bias", [-2.0, -6.0])
def test_gates_at_their_bias_carry_a_known_share(bias: float):
    net = highway(8, 0, 1, gate_bias=bias)
    for part in (*net.layers[1:], *net.gates):
        torch.nn.init.zeros_(part.weight)  # H = 0 and T = σ(bias): only the way of x is left
    expected = net.readout(carried(bias, 7) * torch.tanh(net.layers[0](X)))
    torch.testing.assert_close(net(X), expected)
    assert carried(bias, 3) == pytest.approx((np.exp(-bias) / (1 + np.exp(-bias))) ** 3, rel=1e-14)


def test_haar_is_the_orthogonal_factor_whose_triangle_has_a_positive_diagonal():
    rng = np.random.default_rng(0)
    Q = ortho_group.rvs(5, size=3, random_state=rng)
    R = np.triu(rng.standard_normal((3, 5, 5)))
    R[:, range(5), range(5)] = rng.uniform(0.5, 2, (3, 5))
    found = haar(torch.from_numpy(Q @ R))
    torch.testing.assert_close(found, torch.from_numpy(Q))


def test_an_orthogonal_net_keeps_the_norm_of_what_enters_it():
    net = make_orthogonal(Plain(6, 5, 3, 4, "tanh", xavier, generators(0, 1)))
    first = Plain(6, 5, 3, 4, "tanh", xavier, generators(0, 1)).layers[0].weight
    assert torch.equal(net.layers[0].weight, first)
    v = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(1))
    w = v
    for layer in net.layers[1:]:
        w = layer(w)
    torch.testing.assert_close(w.norm(dim=-1), v.norm(dim=-1))


def test_a_looks_linear_net_is_the_product_of_its_matrices():
    net = make_looks_linear(Plain(6, 8, 3, 4, "relu", he, generators(0, 1)))
    for seed in (0, 1):
        half = [layer.weight[seed, :4].detach() for layer in net.layers]
        product = half[0]
        for W in half[1:]:
            product = W[:, :4] @ product
            torch.testing.assert_close(W[:, :4] @ W[:, :4].T, torch.eye(4))
        product = net.readout.weight[seed, :, :4].detach() @ product
        torch.testing.assert_close(net(X)[seed], X[seed] @ product.T, rtol=1e-4, atol=1e-5)


def accuracy(name: str, part: str = "train") -> np.ndarray:
    return array(RECORD, f"{part}_accuracy_{name}")


def test_record_claim_1_a_hundred_layers_train_with_gates_or_well_chosen_weights():
    for name in ("highway_6_0_1", "looks_linear_0_03", "residual_0_1"):
        assert mean_interval(accuracy(name))[0] > 0.9, name
    for rate in ("0_03", "0_1"):
        assert smaller(accuracy(f"plain_tanh_{rate}"), accuracy(f"orthogonal_{rate}")) < RANK_LEVEL
        assert smaller(accuracy(f"plain_relu_{rate}"), accuracy(f"looks_linear_{rate}")) < RANK_LEVEL


def test_record_the_bias_decides_whether_highway_nets_train():
    chance = RECORD["measurements"]["chance_accuracy"]["value"]
    assert accuracy("highway_2_0_1").mean() == pytest.approx(chance, abs=0.02)
    for closed, open_ in (("2", "4"), ("4", "6")):
        assert smaller(accuracy(f"highway_{closed}_0_1"), accuracy(f"highway_{open_}_0_1")) < RANK_LEVEL


def test_record_controls():
    """With shuffled labels there is nothing to learn; a single layer shows what the task and the budget allow."""
    chance = RECORD["measurements"]["chance_accuracy"]["value"]
    assert accuracy("shuffled_labels_0_1", "test").mean() == pytest.approx(chance, abs=0.05)
    assert accuracy("single_layer_0_1").min() > 0.95


def test_record_what_the_gates_carry():
    layers = RECORD["settings"]["depth"] - 1
    for bias in RECORD["settings"]["gate_biases"]:
        value = RECORD["measurements"][f"carried_{-bias}"]["value"]
        assert value == pytest.approx((1 / (1 + np.exp(bias))) ** layers, rel=1e-12)
