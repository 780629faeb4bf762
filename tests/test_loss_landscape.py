"""Filter-normalised planes, folding and Hessian extremes against second implementations; claims 21 and 22."""

import copy

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import aslinearoperator
from torch.nn.functional import cross_entropy

from scripts import statistics
from scripts.measure.surroundings import images, read_off
from scripts.record import array, centre, read
from snippets.convnets import ConvNet
from snippets.folding import folded
from snippets.hessian import extreme_eigenvalues, hessian
from snippets.loss_landscape import (
    cosine,
    filter_normalised,
    local_minima,
    nonconvex_share,
    planar,
    plane,
    slice_eigenvalues,
    surface,
    with_batch_statistics,
)


def drawing(seed):
    return torch.Generator().manual_seed(seed)


def trained_like(residual, widths=(3, 4, 5)):
    """A net whose BatchNorm has statistics, scales and shifts of its own, and data for it."""
    generator = drawing(0)
    net = ConvNet(8, widths, 1, 10, residual, generator)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                tensor.uniform_(0.5, 1.5, generator=generator)
    return net.eval(), torch.randn(20, 1, 8, 8, generator=generator), torch.arange(20) % 10


def test_filters_of_a_direction_have_the_norms_of_the_weights():
    w = torch.randn(4, 3, 3, 3, generator=drawing(1)) * torch.arange(1.0, 5).view(
        4, 1, 1, 1
    )
    d = filter_normalised(w, drawing(2))
    for filter_of_d, filter_of_w in zip(d.numpy(), w.numpy(), strict=True):
        assert np.isclose(np.sqrt((filter_of_d**2).sum()), np.sqrt((filter_of_w**2).sum()), rtol=1e-6)
    drawn = torch.randn(w.shape, generator=drawing(2))
    assert torch.cosine_similarity(d[0].flatten(), drawn[0].flatten(), dim=0) > 1 - 1e-6


def test_a_plane_is_drawn_by_its_generator_and_its_directions_differ():
    net, _, _ = trained_like(True)
    (first, second), again, other = (plane(net, drawing(seed)) for seed in (0, 0, 1))
    assert [d.shape for d in first] == [w.shape for w in planar(net)]
    for a, b, same, different in zip(first, second, again[0], other[0], strict=True):
        assert torch.equal(a, same)
        assert not torch.allclose(a, b) and not torch.allclose(a, different)


@pytest.mark.parametrize("residual", [False, True])
def test_folding_changes_no_loss_on_the_plane(residual):
    net, x, labels = trained_like(residual)
    directions = plane(net, drawing(0))
    view, folded_directions = folded(net, directions)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in view.modules())
    assert torch.allclose(view(x), net(x), rtol=1e-5, atol=1e-5)
    grid = [-0.5, 0, 1], [0, 0.7]
    expected = surface(net, directions, *grid, x, labels)
    assert np.allclose(surface(view, folded_directions, *grid, x, labels), expected, rtol=1e-5)


@pytest.mark.parametrize("abreast", [1, 2, 3, 4])
@pytest.mark.parametrize("statistics", [lambda net: net, with_batch_statistics])
def test_a_point_of_a_surface_is_the_nets_loss_at_w_plus_its_directions(abreast, statistics):
    net, x, labels = trained_like(True)
    net = statistics(net)
    before, directions = copy.deepcopy(net.state_dict()), plane(net, drawing(0))
    losses = surface(net, directions, [0, 0.3, -1], [0, -0.2], x, labels, abreast)
    assert all(torch.equal(w, before[name]) for name, w in net.state_dict().items()), "the net moved"
    for i, alpha in enumerate([0, 0.3, -1]):
        for j, beta in enumerate([0, -0.2]):
            moved = copy.deepcopy(net)
            with torch.no_grad():
                for w, d1, d2 in zip(planar(moved), *directions, strict=True):
                    w += alpha * d1 + beta * d2
                assert np.isclose(losses[i, j], cross_entropy(moved(x), labels).item(), rtol=1e-5)


def test_batch_statistics_are_those_of_train_mode():
    net, x, _ = trained_like(False)
    running = net(x)
    assert torch.allclose(with_batch_statistics(net)(x), copy.deepcopy(net).train()(x), atol=1e-6)
    assert torch.equal(net(x), running)


def test_minima_and_curvature_of_known_surfaces():
    grid = np.linspace(-1, 1, 41)
    a, b = np.meshgrid(grid, grid, indexing="ij")
    step = grid[1] - grid[0]
    smallest, largest = slice_eigenvalues(2 * a**2 + a * b - b**2, step)
    expected = np.linalg.eigvalsh([[4, 1], [1, -2]])
    assert np.allclose(smallest, expected[0])
    assert np.allclose(largest, expected[1])
    assert nonconvex_share(a**2 + b**2, step, 0.1) == 0
    assert nonconvex_share(a**2 - b**2, step, 0.1) == 1
    assert local_minima(a**2 + b**2) == 1
    # −1 at (±½, 0) and (0, ±½); those on the border do not count.
    assert local_minima(np.cos(2 * np.pi * a) * np.cos(2 * np.pi * b)) == 4


def test_a_saddle_counts_from_its_threshold_on_and_a_plateau_neither_as_saddle_nor_as_minimum():
    a, b = np.meshgrid(range(5), range(5), indexing="ij")
    saddle = (5 * a**2 - b**2) / 2  # λ = 5 and −1
    assert nonconvex_share(saddle, 1, 0.19) == 1
    assert nonconvex_share(saddle, 1, 0.21) == 0
    plateau = np.zeros((5, 5))
    assert nonconvex_share(plateau, 1, 0.1) == local_minima(plateau) == 0


def test_hessian_extremes_against_the_dense_hessian():
    net, x, labels = trained_like(True, (1, 2, 2))
    net = net.double()
    parameters = dict(net.named_parameters())
    names, sizes = list(parameters), [w.numel() for w in parameters.values()]

    def loss(flat):
        parts = {n: p.view_as(parameters[n]) for n, p in zip(names, flat.split(sizes), strict=True)}
        return cross_entropy(torch.func.functional_call(net, parts, x.double()), labels)

    flat = torch.cat([w.detach().flatten() for w in parameters.values()])
    dense = torch.autograd.functional.hessian(loss, flat)
    eigenvalues = np.linalg.eigvalsh(dense.numpy())
    H = hessian(cross_entropy(net(x.double()), labels), net.parameters())
    smallest, largest = extreme_eigenvalues(H, 1e-8, 100, np.random.default_rng(0))
    assert np.isclose(largest, eigenvalues[-1], rtol=1e-6)
    assert np.isclose(smallest, eigenvalues[0], atol=1e-6 * eigenvalues[-1])

    assert np.ndim(largest) == np.ndim(smallest) == 0
    # Far from convergence it shows where Lanczos starts.
    roughly, again = (extreme_eigenvalues(H, 0.5, 100, np.random.default_rng(1)) for _ in range(2))
    assert roughly == again


def test_extremes_are_those_of_the_number_line_not_of_size():
    operator = aslinearoperator(np.diag(np.linspace(-5, 3, 30)))
    assert extreme_eigenvalues(operator, 1e-10, 100, np.random.default_rng(0)) == pytest.approx((-5, 3))


def test_of_a_float32_net_products_with_the_hessian_are_taken_in_float32():
    net, x, labels = trained_like(True, (1, 2, 2))
    v = np.random.default_rng(0).standard_normal(sum(w.numel() for w in net.parameters()))
    product = hessian(cross_entropy(net(x), labels), net.parameters()) @ v
    net, x = net.double(), x.double()
    exact = hessian(cross_entropy(net(x), labels), net.parameters()) @ v
    assert product.dtype == np.float64
    np.testing.assert_allclose(product, exact, atol=1e-4 * np.abs(exact).max())


def test_lanczos_that_does_not_converge_gives_no_number():
    spectrum = np.linspace(0, 1, 2000) ** 0.01
    assert extreme_eigenvalues(aslinearoperator(np.diag(spectrum)), 1e-14, 1, np.random.default_rng(0)) == (None, None)
    spectrum[-1] = 10  # stands apart: the one is found, the other not
    smallest, largest = extreme_eigenvalues(aslinearoperator(np.diag(spectrum[1:])), 1e-14, 1, np.random.default_rng(0))
    assert smallest is None and largest == pytest.approx(10)




def test_the_cosine_of_random_directions_is_that_of_chance_and_of_the_weights_own_stream_one():
    net = ConvNet(8, (3, 4, 5), 1, 10, False, drawing(3))
    own, other = plane(net, drawing(3))[0], plane(net, drawing(4))[0]
    assert cosine(planar(net), planar(net)) == pytest.approx(1)
    # The fault of the first edition: the weights and the plane from one stream.
    assert cosine(own, planar(net)) == pytest.approx(1, abs=1e-6)
    # Of a filter of n weights the cosine has variance 1/n; filters count by their squared lengths.
    lengths = torch.cat([w.flatten(1).norm(dim=1) ** 2 for w in planar(net)])
    counts = torch.cat([torch.full((len(w),), w[0].numel()) for w in planar(net)])
    deviation = ((lengths**2 / counts).sum().sqrt() / lengths.sum()).item()
    assert abs(cosine(other, planar(net))) < 4 * deviation
    found = [cosine(plane(net, drawing(seed))[0], planar(net)) for seed in range(10, 60)]
    assert np.std(found) == pytest.approx(deviation, rel=0.4)


def test_images_are_drawn_without_repetition_and_keep_their_labels():
    x = torch.arange(50)
    some, labels = images(20, x, x + 100, np.random.default_rng(0))
    assert len(set(some.tolist())) == 20 and torch.equal(labels, some + 100)
    assert some.tolist() != sorted(some.tolist())


def test_the_step_of_a_smaller_square_is_smaller():
    a, b = np.meshgrid(*[np.linspace(-0.5, 0.5, 11)] * 2, indexing="ij")
    E = 5 * a**2 - b**2  # λ = 10 and −2, whatever the step
    for threshold, share in ((0.19, 1), (0.21, 0)):
        found = read_off({"nonconvex_threshold": threshold}, E, 0.5)
        assert found == {"minima": 0, "nonconvex_share": share}


PLAIN, RESIDUAL, WIDE = (read(f"loss_landscape_{kind}") for kind in ("plain", "residual", "wide"))
CONTROLS = read("landscape_controls")
INITIAL = read("initial_curvature")


def lower(one, other, name):
    """Whether the rank test says that the one record's values of a name lie below the other's."""
    return statistics.smaller(array(one, name), array(other, name)) < statistics.RANK_LEVEL


def test_the_landscapes_are_matched_in_all_else():
    assert {**PLAIN["settings"], "residual": True} == RESIDUAL["settings"]
    assert PLAIN["settings"]["seeds"] >= 10 and PLAIN["settings"]["planes"] >= 5
    assert PLAIN["provenance"]["seeds"] == RESIDUAL["provenance"]["seeds"] == WIDE["provenance"]["seeds"]
    assert WIDE["settings"]["widths"] == [2 * width for width in PLAIN["settings"]["widths"]]
    own = ("widths", "modes", "planes")
    assert all(WIDE["settings"][key] == value for key, value in PLAIN["settings"].items() if key not in own)


@pytest.mark.parametrize("record", [PLAIN, RESIDUAL], ids=["plain", "residual"])
def test_record_no_direction_points_along_the_weights(record):
    """A trained net's few large filters lead to cosines of some hundredths; the fault's were 0.76 to 1."""
    expected = array(record, "cosine_expected")
    assert np.all(array(record, "cosine_initial") < 6 * expected)
    assert np.all(array(record, "cosine_trained") < 0.1)


@pytest.mark.parametrize("record", [PLAIN, RESIDUAL], ids=["plain", "residual"])
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_record_what_is_read_off_a_net_is_the_mean_over_its_planes(record, mode):
    by_plane = array(record, f"nonconvex_share_by_plane_{mode}")
    assert by_plane.shape == (record["settings"]["seeds"], record["settings"]["planes"])
    np.testing.assert_allclose(array(record, f"nonconvex_share_{mode}"), by_plane.mean(axis=1), atol=2e-5)
    first, second = np.split(array(record, f"nonconvex_share_{mode}"), 2)
    assert statistics.difference(first, second).p > 1e-3, "two halves of one kind"
    # A grid twice as fine, of the first net's first plane: kinks are seen more often, the order stays.
    assert array(record, f"full_inner_nonconvex_share_{mode}")[0] == pytest.approx(by_plane[0, 0], abs=0.15)


def test_record_claim_22_slices_of_residual_nets_are_nearly_convex_near_the_trained_weights():
    for mode in ("eval", "train"):
        assert lower(RESIDUAL, PLAIN, f"nonconvex_share_{mode}")
        assert array(RESIDUAL, f"nonconvex_share_{mode}").mean() < 0.15 < 0.3 < array(PLAIN, f"nonconvex_share_{mode}").mean()
    for name in ("lambda_max", "relative_lambda_max"):
        assert lower(RESIDUAL, PLAIN, name)
    assert array(RESIDUAL, "lambda_min").max() < 0
    assert array(RESIDUAL, "whole_nonconvex_share_train").mean() > 0.25


def test_record_far_out_bn_decides_the_height():
    for record in (PLAIN, RESIDUAL):
        train, fixed = array(record, "highest_loss_train"), array(record, "highest_loss_eval")
        assert train.max() < 100 < fixed.min()


def test_record_the_plus_one_alone_sharpens_untrained_nets():
    for name in ("lambda_max", "relative_lambda_max", "loss"):
        plain, residual = array(INITIAL, f"{name}_plain"), array(INITIAL, f"{name}_residual")
        assert statistics.smaller(plain, residual) < statistics.RANK_LEVEL
        assert len(plain) == len(residual) == INITIAL["settings"]["seeds"] >= 20


def test_record_twice_the_width_lowers_the_sharpness_without_shortcuts():
    for name in ("lambda_max", "relative_lambda_max"):
        assert lower(WIDE, PLAIN, name) and lower(RESIDUAL, WIDE, name)


def test_record_controls_have_the_answers_that_are_known():
    exact = {name: centre(CONTROLS["measurements"][name]) for name in CONTROLS["measurements"]}
    assert exact["nonconvex_share_bowl"] == 0 and exact["minima_bowl"] == 1
    assert exact["nonconvex_share_saddle"] == 1 and exact["minima_saddle"] == 0
    assert array(CONTROLS, "nonconvex_share_linear").max() == 0 and array(CONTROLS, "minima_linear").max() <= 1
    assert array(CONTROLS, "cosine_of_one_stream").min() > 1 - 1e-6
    assert array(CONTROLS, "twin_surface_change").max() < 1e-3
    np.testing.assert_allclose(array(CONTROLS, "twin_relative_lambda_max_ratio"), 1, atol=0.03)
    assert np.abs(np.log(array(CONTROLS, "twin_lambda_max_ratio"))).max() > np.log(1.5)
