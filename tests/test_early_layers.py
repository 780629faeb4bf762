"""Claim 10: under SGD a deep sigmoid net's early layers move least, yet move; Adam rescales that away."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from scripts.measure import early_layers
from scripts.record import array, centre, read

DEPTHS = (2, 5, 10)
OPTIMISERS = {
    "sgd": {"optimiser": "SGD", "learning_rate": 0.1, "control": {"learning_rate": 3.0}},
    "adam": {"optimiser": "Adam", "learning_rate": 0.003, "control": {"shuffled": True}},
}


@pytest.fixture(scope="module")
def records():
    return {(depth, optimiser): read(f"early_layers_{depth}_{optimiser}") for depth, optimiser in product(DEPTHS, OPTIMISERS)}


def test_the_nets_differ_in_depth_and_optimiser_alone(records):
    shared = records[2, "sgd"]["settings"]
    for (depth, optimiser), record in records.items():
        assert record["settings"] == shared | {"depth": depth} | OPTIMISERS[optimiser]
        assert record["provenance"]["seeds"] == records[2, "sgd"]["provenance"]["seeds"]


def test_early_layers_move_least_under_sgd_not_under_adam(records):
    sgd, adam = (array(records[10, optimiser], "moved_sigmoid") for optimiser in OPTIMISERS)
    assert sgd.shape == adam.shape == (records[10, "sgd"]["settings"]["seeds"], 10)
    # In every seed.
    assert (sgd[:, :3].max(axis=1) < sgd[:, 4:].min(axis=1)).all()
    assert (np.diff(sgd[:, 4:], axis=1) > 0).all()
    assert (sgd[:, 0] < 1e-3 * sgd[:, -1]).all()
    assert (sgd > 0).all()
    # Under Adam the first layer moves by more than its own norm, and more than the last does.
    assert (adam[:, 0] > 1).all()
    assert (adam[:, 0] > adam[:, -1]).all()
    assert adam[:, 0].min() > 1e4 * sgd[:, 0].max()


def test_first_layer_moves_less_the_deeper_the_sigmoid_net(records):
    moved = [array(records[depth, "sgd"], "first_layer_moved_sigmoid") for depth in DEPTHS]
    for shallow, deep in pairwise(moved):
        assert deep.max() < 0.1 * shallow.min()


def test_relu_moves_its_first_layer_most(records):
    for record in records.values():
        # Typically, not in every seed.
        assert centre(record["measurements"]["moved_relu"]).argmax() == 0


def test_deep_sigmoid_nets_stay_at_chance_under_sgd(records):
    chance = float(array(records[10, "sgd"], "chance_loss"))
    uniform = torch.zeros(1, 10, dtype=torch.float64)
    assert chance == pytest.approx(cross_entropy(uniform, torch.tensor([3])).item(), rel=1e-12)
    for depth in (5, 10):
        np.testing.assert_allclose(array(records[depth, "sgd"], "final_loss_sigmoid"), chance, rtol=0.01)
        # Adam gets away from it, the less the deeper.
        assert (array(records[depth, "adam"], "final_loss_sigmoid") < 0.9 * chance).all()
    assert (array(records[2, "sgd"], "final_loss_sigmoid") < 0.5 * chance).all()
    adam = [array(records[depth, "adam"], "final_loss_sigmoid") for depth in DEPTHS]
    assert adam[0].max() < adam[1].min() and adam[1].max() < adam[2].min()


def test_relu_nets_learn_at_every_depth(records):
    for record in records.values():
        assert centre(record["measurements"]["final_loss_relu"]) < 0.1


def test_record_control_the_rate_that_does_not_train_ten_layers_trains_two(records):
    chance = float(array(records[10, "sgd"], "chance_loss"))
    assert (array(records[2, "sgd"], "control_final_loss") < 0.1).all()
    np.testing.assert_allclose(array(records[10, "sgd"], "control_final_loss"), chance, rtol=0.02)


def test_record_control_adam_moves_the_first_layer_for_shuffled_labels_too(records):
    shuffled = records[10, "adam"]
    assert (array(shuffled, "control_first_layer_moved") > 0.1).all()
    assert (array(shuffled, "control_final_loss") > array(shuffled, "final_loss_sigmoid").max()).all()


def small(**changes):
    settings = early_layers.SETTINGS | early_layers.OPTIMISERS["sgd"]
    return settings | {"depth": 3, "epochs": 2, "width": 8} | changes


def test_control_without_a_learning_rate_nothing_moves():
    still = early_layers.trained(small(learning_rate=0.0), [1, 2], "sigmoid")
    assert still.moved == [[0.0] * 3] * 2
    assert still.losses[0] == pytest.approx([still.final[0]] * 2, rel=0.01), "a batch's rest is dropped"


def test_control_a_run_does_not_depend_on_which_others_there_are():
    together, alone = (early_layers.trained(small(), seeds, "relu") for seeds in ([1, 2], [2]))
    assert together.moved[1] == pytest.approx(alone.moved[0], rel=1e-9)
    assert together.final[1] == pytest.approx(alone.final[0], rel=1e-9)


def test_kinds_begin_with_equal_draws_and_shuffling_changes_the_labels_alone():
    plainly, shuffled = (early_layers.trained(small(learning_rate=0.0), [1], "relu", flag) for flag in (False, True))
    assert plainly.images == shuffled.images == 1437
    assert plainly.final != shuffled.final


def test_a_run_that_diverges_is_recorded_as_diverged():
    measured = early_layers.measure(small(learning_rate=1e200, control={}), [1, 2])
    for name in ("loss_relu", "final_loss_relu", "moved_relu", "first_layer_moved_relu"):
        assert measured[name]["values"] == [None, None]


def test_named_numbers_are_those_of_the_curves(records):
    for (depth, _), record in records.items():
        settings = record["settings"]
        assert array(record, "images") == 1437
        for activation in ("sigmoid", "relu"):
            loss, moved = array(record, f"loss_{activation}"), array(record, f"moved_{activation}")
            assert loss.shape == (settings["seeds"], settings["epochs"])
            assert moved.shape == (settings["seeds"], depth)
            # After training, over all images.
            final = array(record, f"final_loss_{activation}")
            assert final.shape == (settings["seeds"],)
            assert (final < loss[:, 0] * 1.01).all()
            np.testing.assert_array_equal(array(record, f"first_layer_moved_{activation}"), moved[:, 0])
            np.testing.assert_array_equal(array(record, f"last_layer_moved_{activation}"), moved[:, -1])
