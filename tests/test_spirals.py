"""The spirals, and what the record says of the nets that tell them apart."""

import numpy as np
import pytest
import torch

from scripts.record import array, read
from scripts.statistics import RANK_LEVEL, difference, smaller
from snippets.networks import Residual
from snippets.seeded import normal
from snippets.spirals import draw_weights, losses, spirals

RECORD = read("spirals")
DEPTHS = RECORD["settings"]["depths"]


def final(kind: str, depth: int, rate: str = "loss") -> np.ndarray:
    return array(RECORD, f"{rate}_{kind}_{depth}")


def test_a_spiral_is_r_equal_to_theta_over_pi_and_its_half_turn():
    x, labels = spirals(40)
    radius, angle = np.hypot(*x[:20].T), np.unwrap(np.arctan2(*x[:20].T[::-1]))
    assert radius * np.pi == pytest.approx(angle)
    assert np.diff(radius) == pytest.approx(0.1) and radius[0] == pytest.approx(0.05)
    assert x[20:] == pytest.approx(-x[:20])
    assert labels.tolist() == [0] * 20 + [1] * 20


def test_weights_are_drawn_in_order_and_every_seed_by_itself():
    seeds = [3, 8]
    net = Residual(2, 5, 4, 2, "relu", lambda n, m: 1, [torch.Generator() for _ in seeds]).double()
    draw_weights(net, seeds)
    for s, seed in enumerate(seeds):
        draws = normal(seed, 10 + 25 + 20)
        for layer, part, inputs in zip(
            [*net.layers, net.readout], np.split(draws, [10, 35]), (2, 5, 5), strict=True
        ):
            W = layer.weight[s].detach().numpy()
            assert W.ravel() == pytest.approx(part * np.sqrt(2 / inputs), rel=1e-12)
            assert not layer.bias.any()


@pytest.mark.parametrize("kind", ["plain", "residual"])
def test_losses_are_those_of_gradient_descent_with_momentum_written_out(kind):
    depth, seed, rate, momentum = 4, 6, 0.03, 0.9
    sizes = [2, 5, 5, 5, 5, 2]
    draws = torch.from_numpy(normal(seed, 2 * 5 + 3 * 25 + 10)).split([10, 25, 25, 25, 10])
    weights = [
        (draw.view(m, n) * (2 / n) ** 0.5).requires_grad_()
        for draw, n, m in zip(draws, sizes[:-1], sizes[1:], strict=True)
    ]
    biases = [torch.zeros(m, dtype=torch.float64, requires_grad=True) for m in sizes[1:]]
    x, labels = map(torch.from_numpy, spirals(12))
    velocity, expected = 0, []
    for _ in range(5):
        z = x @ weights[0].T + biases[0]
        for W, b in zip(weights[1:-1], biases[1:-1], strict=True):
            branch = z.relu() @ W.T + b
            z = z + branch / 2 if kind == "residual" else branch
        logits = z.relu() @ weights[-1].T + biases[-1]
        right = logits[range(12), labels]
        loss = (logits.exp().sum(1).log() - right).mean()
        expected.append(loss.item())
        parameters = [*weights, *biases]
        gradient = torch.cat([g.ravel() for g in torch.autograd.grad(loss, parameters)])
        velocity = momentum * velocity + gradient
        with torch.no_grad():
            for w, v in zip(parameters, velocity.split([w.numel() for w in parameters]), strict=True):
                w -= rate * v.view(w.shape)
    found = losses(kind, 12, 5, depth, [seed, 1], rate, momentum, 4)
    assert found.shape == (5, 2)
    assert found[:, 0].tolist() == pytest.approx(expected, rel=1e-12)


def test_a_net_of_one_layer_has_no_branch_to_tell_the_kinds_apart():
    assert torch.equal(*(losses(kind, 20, 5, 1, [4000000000], 0.03, 0.9, 10) for kind in ("plain", "residual")))


def test_record_deep_plain_nets_get_stuck_and_residual_nets_do_not():
    assert smaller(final("plain", 10), final("plain", 40)) < RANK_LEVEL
    assert np.mean(np.isclose(final("plain", 40), np.log(2), atol=1e-3)) > 0.5
    for depth in DEPTHS:
        if depth >= 10:
            assert smaller(final("residual", depth), final("residual", 2)) < RANK_LEVEL
    assert smaller(final("residual", 40), final("plain", 40)) < RANK_LEVEL
    assert smaller(final("plain", 10), final("residual", 10)) < RANK_LEVEL


def test_record_the_contrast_is_weak_at_the_small_learning_rate():
    pairs = {depth: [final(kind, depth, "loss_small_rate") for kind in ("plain", "residual")] for depth in DEPTHS}
    assert smaller(*pairs[10]) < RANK_LEVEL
    assert difference(*pairs[40], log=True).p > RANK_LEVEL, "no longer what the page says: the two cannot be told apart"


def test_control_halves_of_the_seeds_do_not_differ():
    for kind, depth in (("plain", 5), ("residual", 40)):
        values = final(kind, depth)
        assert difference(values[::2], values[1::2], log=True).p > RANK_LEVEL
