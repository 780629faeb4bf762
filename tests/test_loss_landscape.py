"""Filter-normalised planes, folding and Hessian extremes against second implementations; claims 21 and 22."""

import copy

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import aslinearoperator
from torch.nn.functional import cross_entropy

from scripts.record import array, read
from snippets.convnets import ConvNet
from snippets.folding import folded
from snippets.hessian import extreme_eigenvalues, hessian
from snippets.loss_landscape import (
    filter_normalised,
    local_minima,
    nonconvex_share,
    planar,
    plane,
    slice_eigenvalues,
    surface,
    with_batch_statistics,
)


def trained_like(residual, widths=(3, 4, 5)):
    """A net whose BatchNorm has statistics, scales and shifts of its own, and data for it."""
    generator = torch.Generator().manual_seed(0)
    net = ConvNet(8, widths, 1, 10, residual, 0)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                tensor.uniform_(0.5, 1.5, generator=generator)
    return net.eval(), torch.randn(20, 1, 8, 8, generator=generator), torch.arange(20) % 10


def test_filters_of_a_direction_have_the_norms_of_the_weights():
    w = torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(1)) * torch.arange(1.0, 5).view(
        4, 1, 1, 1
    )
    d = filter_normalised(w, torch.Generator().manual_seed(2))
    for filter_of_d, filter_of_w in zip(d.numpy(), w.numpy(), strict=True):
        assert np.isclose(np.sqrt((filter_of_d**2).sum()), np.sqrt((filter_of_w**2).sum()), rtol=1e-6)
    drawn = torch.randn(w.shape, generator=torch.Generator().manual_seed(2))
    assert torch.cosine_similarity(d[0].flatten(), drawn[0].flatten(), dim=0) > 1 - 1e-6


def test_a_plane_is_drawn_by_its_seed_and_its_directions_differ():
    net, _, _ = trained_like(True)
    (first, second), again, other = plane(net, 0), plane(net, 0), plane(net, 1)
    assert [d.shape for d in first] == [w.shape for w in planar(net)]
    for a, b, same, different in zip(first, second, again[0], other[0], strict=True):
        assert torch.equal(a, same)
        assert not torch.allclose(a, b) and not torch.allclose(a, different)


@pytest.mark.parametrize("residual", [False, True])
def test_folding_changes_no_loss_on_the_plane(residual):
    net, x, labels = trained_like(residual)
    directions = plane(net, 0)
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
    before, directions = copy.deepcopy(net.state_dict()), plane(net, 0)
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
    smallest, largest = extreme_eigenvalues(H, 1e-8, 100, 0)
    assert np.isclose(largest, eigenvalues[-1], rtol=1e-6)
    assert np.isclose(smallest, eigenvalues[0], atol=1e-6 * eigenvalues[-1])

    assert np.ndim(largest) == np.ndim(smallest) == 0
    # Far from convergence it shows where Lanczos starts.
    roughly, again = (extreme_eigenvalues(H, 0.5, 100, seed=1) for _ in range(2))
    assert roughly == again


def test_extremes_are_those_of_the_number_line_not_of_size():
    operator = aslinearoperator(np.diag(np.linspace(-5, 3, 30)))
    assert extreme_eigenvalues(operator, 1e-10, 100, 0) == pytest.approx((-5, 3))


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
    assert extreme_eigenvalues(aslinearoperator(np.diag(spectrum)), 1e-14, 1, 0) == (None, None)
    spectrum[-1] = 10  # stands apart: the one is found, the other not
    smallest, largest = extreme_eigenvalues(aslinearoperator(np.diag(spectrum[1:])), 1e-14, 1, 0)
    assert smallest is None and largest == pytest.approx(10)


PLAIN, RESIDUAL = read("loss_landscape_plain"), read("loss_landscape_residual")


def test_the_landscapes_are_matched_in_all_else():
    assert {**PLAIN["settings"], "residual": True} == RESIDUAL["settings"]
    assert PLAIN["settings"]["seeds"] >= 5


def test_claim_22_without_shortcuts_more_minima_and_a_larger_curvature_on_every_seed():
    for name in ("lambda_max", "minima_train", "nonconvex_share_train"):
        assert array(PLAIN, name).min() > array(RESIDUAL, name).max(), name
    assert array(PLAIN, "minima_eval").mean() > array(RESIDUAL, "minima_eval").mean() + 1


def test_claim_22_with_shortcuts_the_slice_is_not_convex_either():
    for mode in ("eval", "train"):
        assert array(RESIDUAL, f"nonconvex_share_{mode}").min() > 0.1
    assert array(RESIDUAL, "lambda_min").max() < 0


def test_claim_21_four_times_the_width_smooths_without_shortcuts():
    wide = read("loss_landscape_wide")
    assert wide["settings"]["widths"] == [4 * width for width in PLAIN["settings"]["widths"]]
    own = ("widths", "seeds", "modes")
    assert all(wide["settings"][key] == value for key, value in PLAIN["settings"].items() if key not in own)
    assert array(wide, "lambda_max").max() < array(PLAIN, "lambda_max").min()
