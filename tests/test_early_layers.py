"""Claim 10: under SGD a deep sigmoid net's early layers move least, yet move; Adam rescales that away."""

import math
from itertools import pairwise

import numpy as np
import pytest

from scripts.record import array, centre, read


@pytest.fixture(scope="module")
def record():
    return read("early_layers")


def test_early_layers_move_least_under_sgd_not_under_adam(record):
    sgd, adam = array(record, "moved_sigmoid_sgd_10"), array(record, "moved_sigmoid_adam_10")
    assert sgd.shape == adam.shape == (record["settings"]["seeds"], 10)
    # In every seed.
    assert (sgd[:, :3].max(axis=1) < sgd[:, 4:].min(axis=1)).all()
    assert (np.diff(sgd[:, 4:], axis=1) > 0).all()
    assert (sgd[:, 0] < 1e-3 * sgd[:, -1]).all()
    assert (sgd > 0).all()
    # Under Adam the first layer moves by more than its own norm, and more than the last does.
    assert (adam[:, 0] > 1).all()
    assert (adam[:, 0] > adam[:, -1]).all()
    assert adam[:, 0].min() > 1e4 * sgd[:, 0].max()


def test_first_layer_moves_less_the_deeper_the_sigmoid_net(record):
    moved = [array(record, f"first_layer_moved_sigmoid_sgd_{depth}") for depth in (2, 5, 10)]
    for shallow, deep in pairwise(moved):
        assert deep.max() < 0.1 * shallow.min()


def test_relu_moves_its_first_layer_most(record):
    for optimiser in ("sgd", "adam"):
        for depth in record["settings"]["depths"]:
            # Typically, not in every seed.
            moved = centre(record["measurements"][f"moved_relu_{optimiser}_{depth}"])
            assert moved.argmax() == 0


def test_deep_sigmoid_nets_stay_at_chance_under_sgd(record):
    chance = float(array(record, "chance_loss"))
    assert chance == pytest.approx(math.log(10), rel=1e-12)
    for depth in (5, 10):
        np.testing.assert_allclose(array(record, f"final_loss_sigmoid_sgd_{depth}"), chance, rtol=0.01)
        # Adam gets away from it, the less the deeper.
        assert (array(record, f"final_loss_sigmoid_adam_{depth}") < 0.9 * chance).all()
    assert (array(record, "final_loss_sigmoid_sgd_2") < 0.5 * chance).all()
    adam = [array(record, f"final_loss_sigmoid_adam_{depth}") for depth in (2, 5, 10)]
    assert adam[0].max() < adam[1].min() and adam[1].max() < adam[2].min()


def test_relu_nets_learn_at_every_depth(record):
    for optimiser in ("sgd", "adam"):
        for depth in record["settings"]["depths"]:
            assert centre(record["measurements"][f"final_loss_relu_{optimiser}_{depth}"]) < 0.05
    # Not in every seed: one ten-layer net under SGD is still at chance, and the page must not say otherwise.
    assert np.sum(array(record, "final_loss_relu_sgd_10") > 1) <= 1


def test_named_numbers_are_those_of_the_curves(record):
    settings = record["settings"]
    assert array(record, "images") == 1437
    for activation in ("sigmoid", "relu"):
        for optimiser in settings["learning_rates"]:
            for depth in settings["depths"]:
                name = f"{activation}_{optimiser}_{depth}"
                loss, moved = array(record, f"loss_{name}"), array(record, f"moved_{name}")
                assert loss.shape == (settings["seeds"], settings["epochs"])
                assert moved.shape == (settings["seeds"], depth)
                # After training, over all images: no seed ends above where its first epoch was.
                final = array(record, f"final_loss_{name}")
                assert final.shape == (settings["seeds"],)
                assert (final < loss[:, 0]).all()
                np.testing.assert_array_equal(array(record, f"first_layer_moved_{name}"), moved[:, 0])
                np.testing.assert_array_equal(array(record, f"last_layer_moved_{name}"), moved[:, -1])
