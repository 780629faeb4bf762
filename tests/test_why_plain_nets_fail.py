"""Why plain nets fail: what the records of other rates, of the remedies and of Fashion-MNIST say."""

import numpy as np
import pytest

from scripts.measure import variants
from scripts.record import array, read
from scripts.statistics import RANK_LEVEL, smaller

PLAIN, RESIDUAL, RATES, LARGE, REMEDIES, FEW, SLOWER, FASHION = (
    read(topic) for topic in ("degradation_plain", "degradation_residual", "rates", "rates_large", "remedies", "remedies_few", "linear_start", "fashion")
)


def loss(record, name):
    return array(record, f"final_loss_{name}")


def test_the_nets_of_all_records_begin_alike():
    """Whatever was changed, a seed's first layer is as long as in the record of the nets that nothing was changed in."""
    for record in (RATES, LARGE, REMEDIES, FEW, SLOWER):
        seeds = len(record["provenance"]["seeds"])
        for variant, own in record["settings"]["variants"].items():
            if own.get("remedy") in ("mirrored", "mispaired"):
                continue  # these begin with other weights
            for net in own.get("nets", variants.NETS):
                base = RESIDUAL if net.startswith("residual") else PLAIN
                depth = net.rpartition("_")[2]
                begun = array(record, f"first_layer_length_{net}_{variant}_epoch_0")
                assert begun == pytest.approx(array(base, f"first_layer_length_{depth}_epoch_0")[:seeds], rel=1e-5)


def test_one_thing_is_changed_at_a_time():
    for record in (RATES, LARGE, REMEDIES, FEW, SLOWER):
        base = {key: value for key, value in PLAIN["settings"].items() if key not in ("depths", "residual", "seeds", "gradient_epochs")}
        assert {key: record["settings"][key] for key in base} == base
        allowed = {"learning_rate", "remedy", "nets", "epochs", "share", "threshold", "longest"}
        for own in record["settings"]["variants"].values():
            assert set(own) <= allowed and len(set(own) & {"remedy", "epochs", "learning_rate"}) in (1, 2)


def test_record_no_rate_brings_56_plain_layers_to_where_20_are():
    for variant in ("at_002", "at_01"):
        assert loss(RATES, f"plain_20_{variant}").max() < loss(RATES, f"plain_56_{variant}").min()
    assert smaller(loss(LARGE, "plain_20_at_1"), loss(LARGE, "plain_56_at_1")) < RANK_LEVEL
    assert smaller(loss(PLAIN, "20"), loss(PLAIN, "56")) < RANK_LEVEL


def test_record_weights_of_fixed_length_and_even_steps_leave_most_of_the_gap():
    for remedy in ("fixed_length", "rate_per_layer"):
        deep, shallow = loss(REMEDIES, f"plain_56_{remedy}"), loss(REMEDIES, f"plain_20_{remedy}")
        assert smaller(shallow, deep) < RANK_LEVEL and shallow.max() < deep.min()
    for depth in (20, 56):
        lengths = [array(REMEDIES, f"first_layer_length_plain_{depth}_fixed_length_epoch_{epoch}") for epoch in (0, 1, 15)]
        assert np.ptp(lengths, axis=0).max() < 1e-4 * lengths[0].min(), "the remedy did what it says"


def test_record_small_first_steps_and_patience_do_not_rescue():
    for remedy in ("warm_up", "clipping", "orthogonal", "four_times"):
        assert smaller(loss(PLAIN, "20"), loss(FEW, f"plain_56_{remedy}")) < RANK_LEVEL


def test_record_a_linear_start_trains_and_its_control_does_not():
    mirrored, mispaired = (loss(REMEDIES, f"plain_56_{start}") for start in ("mirrored", "mispaired"))
    assert smaller(mirrored, loss(PLAIN, "56")) < RANK_LEVEL and smaller(mirrored, mispaired) < RANK_LEVEL
    assert smaller(mispaired, loss(PLAIN, "56")) > 0.5, "the control helps nothing"
    assert smaller(loss(REMEDIES, "plain_20_mirrored"), mirrored) < RANK_LEVEL, "a difference is left"
    slower = loss(SLOWER, "plain_56_mirrored_at_02")
    assert smaller(slower, loss(SLOWER, "plain_56_at_02")) < RANK_LEVEL
    assert smaller(loss(SLOWER, "plain_20_mirrored_at_02"), slower) < RANK_LEVEL


def signal(record, name):
    return array(record, f"last_class_signal_{name}_epoch_0")


def test_record_neither_directions_nor_forgotten_classes_decide():
    """Deep plain nets begin with less left of the classes; but what begins with as little can train."""
    deep, shallow = signal(PLAIN, "56"), signal(PLAIN, "20")
    assert smaller(deep, shallow) < RANK_LEVEL and smaller(deep, signal(RESIDUAL, "56")) < RANK_LEVEL
    assert smaller(deep, signal(REMEDIES, "plain_56_mirrored")) < RANK_LEVEL
    assert smaller(signal(REMEDIES, "plain_20_mispaired"), shallow) < RANK_LEVEL
    assert smaller(loss(REMEDIES, "plain_20_mispaired"), loss(PLAIN, "56")) < RANK_LEVEL
    directions = [array(REMEDIES, f"last_rank_plain_56_{start}_epoch_0") for start in ("mirrored", "mispaired")]
    assert smaller(*directions) < RANK_LEVEL


def test_record_fashion_mnist_agrees():
    errors = {net: array(FASHION, f"test_error_{net}") for net in ("plain_20", "plain_56", "residual_20", "residual_56", "mirrored_56", "fixed_length_56")}
    assert smaller(errors["plain_20"], errors["plain_56"]) < RANK_LEVEL
    assert smaller(errors["residual_56"], errors["plain_56"]) < RANK_LEVEL
    for other in ("plain_56", "fixed_length_56"):
        assert smaller(errors["mirrored_56"], errors[other]) < RANK_LEVEL
