"""Second moments against the PyTorch twin and exact expectations; claim 19's explosion against the record."""

import numpy as np
import pytest
import torch

from scripts.record import array, centre, read
from snippets import initialisation
from snippets.networks import Residual
from snippets.scale import expected_second_moment, second_moments

RECORD = read("scale")


def value(name):
    return centre(RECORD["measurements"][name])


def test_second_moments_agree_with_the_network():
    net = Residual(6, 6, 2, 5, "relu", initialisation.he, [torch.Generator().manual_seed(0)], scale=0.5)
    x = torch.randn(1, 9, 6, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        z = net.layers[0](x)
        moments = [z.square().mean()]
        for layer in net.layers[1:]:
            z = z + 0.5 * net.branch(layer, z)
            moments.append(z.square().mean())
        weights = [layer.weight[0].numpy() for layer in net.layers[1:]]
        found = second_moments(net.layers[0](x)[0].numpy(), weights, 0.5, 1.0, False)
    np.testing.assert_allclose(found, moments, rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_a_block_multiplies_the_expected_second_moment_by_one_plus_the_scale_squared(scale):
    rng = np.random.default_rng(0)
    moments = []
    for _ in range(400):
        x = rng.standard_normal((32, 64))
        W = initialisation.gaussian_weights(1, 64, initialisation.he, rng)
        before, after = second_moments(x, W, scale, 1.0, False)
        moments.append(after / before)
    assert np.mean(moments) == pytest.approx(expected_second_moment(1, scale, False), abs=0.01)


def test_no_blocks_and_identity_branches():
    x = np.abs(np.random.default_rng(1).standard_normal((5, 3)))
    assert second_moments(x, [], 1.0, 1.0, False) == [np.mean(x**2)]
    doubled = second_moments(x, [np.eye(3)] * 4, 1.0, 1.0, False)
    np.testing.assert_allclose(doubled, np.mean(x**2) * 4.0 ** np.arange(5), rtol=1e-14)


def test_record_an_unscaled_residual_net_explodes_as_two_to_the_depth():
    depth = RECORD["settings"]["depth"]
    assert value("final_expected_unscaled") == 2.0**depth
    assert value("factor_per_block_unscaled") == pytest.approx(2, abs=0.1)
    assert array(RECORD, "final_second_moment_unscaled").min() > 1e12


def test_record_what_cures_it():
    assert np.all(array(RECORD, "second_moment_zero") == array(RECORD, "second_moment_zero")[:, :1])
    assert value("final_second_moment_scaled") == pytest.approx(value("final_expected_scaled"), rel=0.1)
    assert value("final_second_moment_bn") == pytest.approx(value("final_expected_bn"), rel=0.1)
    assert value("final_expected_scaled") < np.e


def test_normalised_second_moments_agree_with_pytorchs_batch_norm():
    rng = np.random.default_rng(2)
    x = 3 + 2 * rng.standard_normal((50, 6))
    weights = initialisation.gaussian_weights(3, 6, initialisation.he, rng)
    z, expected = torch.tensor(x), [np.mean(x**2)]
    for W in weights:
        normalised = torch.nn.functional.batch_norm(z, None, None, training=True, eps=1e-14)
        z = z + 0.7 * torch.relu(normalised) @ torch.tensor(W).T
        expected.append(z.square().mean().item())
    np.testing.assert_allclose(second_moments(x, weights, 0.7, 1.0, True), expected, rtol=1e-10)


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0])
def test_expected_second_moments_by_adding_up_the_branches(scale):
    plain_branch, normalised_branch = 1.0, 1.0
    for depth in range(6):
        assert expected_second_moment(depth, scale, False) == pytest.approx(plain_branch, rel=1e-14)
        assert expected_second_moment(depth, scale, True) == pytest.approx(normalised_branch, rel=1e-14)
        plain_branch += scale**2 * plain_branch  # a branch has its input's second moment
        normalised_branch += scale**2 * 1.0  # behind BN it has 1
