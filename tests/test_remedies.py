"""Remedies of nets that are trained side by side, each against the same done to every net alone."""

import copy
import inspect
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import batch_norm, conv2d, cross_entropy, linear

from scripts.measure import degradation
from snippets import remedies
from snippets.convnet_training import layers, loss_and_error, train_side_by_side
from snippets.convnets import ConvNet
from snippets.remedies import (
    by_net,
    clipping,
    fixed_length,
    length,
    mirrored,
    multiply,
    orthogonal,
    rate_per_layer,
    warm_up,
    weights,
)
from snippets.side_by_side import SideBySide
from snippets.streams import streams
from snippets.training import both

SEEDS = (4, 7, 9)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def convnet(seed: int, residual: bool = False, widths: tuple[int, ...] = (4, 4, 6), depth: int = 8) -> ConvNet:
    return ConvNet(depth, widths, 1, 3, residual, generator(seed)).double()


def some_nets() -> list[ConvNet]:
    nets = [convnet(seed) for seed in SEEDS]
    with torch.no_grad():
        for factor, net in zip((0.5, 1, 3), nets, strict=True):
            for p in net.parameters():
                p.mul_(factor)  # else lengths of equal layers are about the same
    return nets


def images(count: int = 20, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, 1, 8, 8, generator=generator(seed), dtype=torch.float64)


def with_gradients(sizes: tuple[float, ...] = (0.1, 1, 30)) -> tuple[SideBySide, list[ConvNet]]:
    """Three nets side by side, and each alone, with the same random gradients, those of a net about as long as its `size`."""
    nets = some_nets()
    alone = copy.deepcopy(nets)
    together = SideBySide(nets)
    for s, (net, size) in enumerate(zip(alone, sizes, strict=True)):
        for p in net.parameters():
            p.grad = size * torch.randn(p.shape, generator=generator(s), dtype=p.dtype)
    for p, *parts in zip(together.parameters(), *(net.parameters() for net in alone), strict=True):
        p.grad = torch.cat([part.grad for part in parts])
    return together, alone


def gradients(together: SideBySide, net: int) -> list[torch.Tensor]:
    return [p.grad.chunk(len(SEEDS))[net] for p in together.parameters()]


# Each net's own part


def test_each_nets_part_is_its_own() -> None:
    nets = some_nets()
    together = SideBySide(nets)
    for p, *parts in zip(together.parameters(), *(net.parameters() for net in nets), strict=True):
        assert by_net(p, 3).shape == (3, *parts[0].shape)
        assert by_net(p, 3).data_ptr() == p.data_ptr(), "a view"
        for ours, theirs in zip(by_net(p, 3), parts, strict=True):
            assert torch.equal(ours, theirs)
        assert length(p, 3).tolist() == pytest.approx([sum(w * w for w in part.flatten().tolist()) ** 0.5 for part in parts])
        assert not length(p, 3).requires_grad


def test_each_nets_part_is_multiplied_by_its_own_factor() -> None:
    nets = some_nets()
    before = copy.deepcopy(nets)
    for p in SideBySide(nets).parameters():
        multiply(p, torch.tensor([2.0, -1.0, 0.5]))
    for factor, net, old in zip((2, -1, 0.5), nets, before, strict=True):
        for p, q in zip(net.parameters(), old.parameters(), strict=True):
            assert torch.equal(p, factor * q)


def test_weights_are_those_of_the_layers_first_to_last() -> None:
    net = convnet(0)
    assert [id(w) for w in weights(net)] == [id(layer.weight) for layer in layers(net)] and len(weights(net)) == 8
    assert [w.shape for w in weights(SideBySide([convnet(0), convnet(1)]))] == [(2 * w.shape[0], *w.shape[1:]) for w in weights(net)]


# Other steps


def test_each_net_is_clipped_as_it_would_be_alone() -> None:
    together, alone = with_gradients()
    norms = [torch.cat([p.grad.flatten() for p in net.parameters()]).norm().item() for net in alone]
    longest = 2 * norms[0]
    assert norms[0] < longest < norms[1] < norms[2]
    before = [g.clone() for g in gradients(together, 0)]
    clipping(together, 3, longest)()
    for s, net in enumerate(alone):
        nn.utils.clip_grad_norm_(net.parameters(), longest)
        for ours, p in zip(gradients(together, s), net.parameters(), strict=True):
            torch.testing.assert_close(ours, p.grad, rtol=1e-5, atol=0)  # PyTorch adds 1e-6 to the length
    assert all(torch.equal(ours, old) for ours, old in zip(gradients(together, 0), before, strict=True)), "a short one is as it was"
    for s in (1, 2):
        assert torch.cat([g.flatten() for g in gradients(together, s)]).norm().item() == pytest.approx(longest, rel=1e-12)


def test_a_net_that_diverged_spoils_no_others_gradient() -> None:
    for remedy in (lambda net: clipping(net, 3, 1.0), lambda net: rate_per_layer(net, 3)):
        (clean, _), (spoilt, _) = with_gradients(), with_gradients()
        for p in spoilt.parameters():
            p.grad.chunk(3)[1].fill_(torch.nan)
        for net in (clean, spoilt):
            remedy(net)()
        for s in (0, 2):
            assert all(torch.equal(*pair) for pair in zip(gradients(clean, s), gradients(spoilt, s), strict=True))


def test_each_layers_gradient_becomes_as_long_as_its_weights() -> None:
    together, alone = with_gradients()
    rate_per_layer(together, 3)()
    for s, net in enumerate(alone):
        for (name, p), g in zip(net.named_parameters(), gradients(together, s), strict=True):
            if p.dim() == 1:
                assert torch.equal(g, p.grad), f"{name} is no layer's weights"
            else:
                assert g.norm().item() == pytest.approx(p.norm().item(), rel=1e-12)
                torch.testing.assert_close(g / g.norm(), p.grad / p.grad.norm(), rtol=1e-12, atol=1e-15)


def test_a_layer_without_gradient_gets_none() -> None:
    together, _ = with_gradients((0.0, 1.0, 1.0))
    rate_per_layer(together, 3)()
    clipping(together, 3, 1.0)()
    assert all((g == 0).all() for g in gradients(together, 0))


def test_convolutions_keep_their_length_and_take_the_steps_direction() -> None:
    nets = some_nets()
    first = copy.deepcopy(nets)
    together = SideBySide(nets)
    after_step = fixed_length(together, 3)
    for step in (0, 1):
        with torch.no_grad():
            for k, p in enumerate(together.parameters()):
                p.add_(torch.randn(p.shape, generator=generator(100 * step + k), dtype=p.dtype))
        stepped = copy.deepcopy(nets)
        after_step()
        for net, moved, old in zip(nets, stepped, first, strict=True):
            convolutions = {f"{name}.weight" for name, module in net.named_modules() if isinstance(module, nn.Conv2d)}
            assert len(convolutions) == 7
            for (name, p), q, at_first in zip(net.named_parameters(), moved.parameters(), old.parameters(), strict=True):
                if name in convolutions:
                    assert p.norm().item() == pytest.approx(at_first.norm().item(), rel=1e-12)
                    torch.testing.assert_close(p / p.norm(), q / q.norm(), rtol=1e-12, atol=1e-15)
                else:
                    assert torch.equal(p, q), f"{name} is no convolution"


def test_under_batchnorm_the_length_changes_nothing_that_the_net_computes() -> None:
    nets = some_nets()
    together = SideBySide(nets).train()
    for module in together.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-15
    after_step = fixed_length(together, 3)
    x = torch.stack([images(seed=seed) for seed in SEEDS])
    with torch.no_grad():
        for k, p in enumerate(together.parameters()):
            p.add_(torch.randn(p.shape, generator=generator(k), dtype=p.dtype))
        before = together(x)
        after_step()
        torch.testing.assert_close(together(x), before, rtol=1e-9, atol=1e-9)


def test_a_net_has_a_share_of_the_rate_until_it_is_below_the_threshold_and_all_of_it_from_then_on() -> None:
    together, alone = with_gradients()
    errors: list[list[float]] = []
    before_step, after_epoch = warm_up(together, 3, 0.1, 0.8, lambda: errors.pop())

    def factors() -> list[float]:
        """What each net's gradients, made those of `alone` again, are multiplied by."""
        for p, *parts in zip(together.parameters(), *(net.parameters() for net in alone), strict=True):
            p.grad = torch.cat([part.grad for part in parts])
        before_step()
        found = []
        for s, net in enumerate(alone):
            ratios = torch.cat([(ours / p.grad).flatten() for ours, p in zip(gradients(together, s), net.parameters(), strict=True)])
            assert ratios.max() - ratios.min() < 1e-6
            found.append(round(ratios.mean().item(), 6))
        return found

    after_epoch(0)  # before the first step nobody is asked, and `errors` is empty
    assert factors() == [0.1, 0.1, 0.1]
    by_epoch = [([0.9, 0.79, 0.8], [0.1, 1, 0.1]), ([0.9, 0.95, 0.9], [0.1, 1, 0.1]), ([0.2, 0.9, float("nan")], [1, 1, 0.1])]
    for epoch, (asked, expected) in enumerate(by_epoch):
        errors.append(asked)
        after_epoch(epoch + 1)
        assert factors() == expected and not errors


# Other weights at the start


def test_orthogonal_weights_are_orthogonal_and_as_long_as_they_were() -> None:
    net = ConvNet(8, (16, 4, 6), 1, 10, False, generator(0)).double()
    before = [w.detach().clone() for w in weights(net)]
    orthogonal(net, generator(1))
    tall = 0
    for w, old in zip(weights(net), before, strict=True):
        W = w.detach().flatten(1).numpy()
        tall += W.shape[0] > W.shape[1]
        gram = W.T @ W if W.shape[0] > W.shape[1] else W @ W.T
        np.testing.assert_allclose(gram, np.eye(len(gram)) * np.trace(gram) / len(gram), atol=1e-12)
        assert w.norm().item() == pytest.approx(old.norm().item(), rel=1e-12)
        assert not torch.allclose(w, old)
    assert tall == 2, "the first convolution has 16 outputs of 9 numbers, the linear layer 10 of 6"


def test_orthogonal_weights_are_drawn_by_the_generator_that_is_given() -> None:
    nets = [convnet(0) for _ in range(3)]
    for net, seed in zip(nets, (1, 1, 2), strict=True):
        orthogonal(net, generator(seed))
    one, again, other = (torch.cat([w.detach().flatten() for w in weights(net)]) for net in nets)
    assert torch.equal(one, again) and not torch.allclose(one, other)


def half_as_wide(net: ConvNet, x: torch.Tensor) -> torch.Tensor:
    """Logits of the net of half the width that has a quarter of each layer's weights, the same BN and no ReLU."""

    def normalised(x: torch.Tensor, bn: nn.BatchNorm2d) -> torch.Tensor:
        half = bn.num_features // 2
        statistics = None if bn.training else bn.running_mean[:half], None if bn.training else bn.running_var[:half]
        return batch_norm(x, *statistics, training=bn.training, eps=bn.eps)

    def quarter(w: torch.Tensor) -> torch.Tensor:
        return w[: len(w) // 2, : max(1, w.shape[1] // 2)]

    x = normalised(conv2d(x, quarter(net.conv.weight), padding=1), net.bn)
    for block in net.blocks:
        x = normalised(conv2d(x, quarter(block.conv1.weight), stride=block.stride, padding=1), block.bn1)
        x = normalised(conv2d(x, quarter(block.conv2.weight), padding=1), block.bn2)
    return linear(x.mean((2, 3)), net.linear.weight[:, : net.linear.in_features // 2])


def start(kind: str, residual: bool = False, depth: int = 8) -> ConvNet:
    net = convnet(5, residual, depth=depth)
    if kind != "he":
        mirrored(net, **({"paired": False} if kind == "mispaired" else {}))
    return net


def far(a: torch.Tensor, b: torch.Tensor) -> float:
    """How far apart two are, relative to the second's spread."""
    return ((a - b).norm() / (b - b.mean(0)).norm()).item()


@pytest.mark.parametrize("depth", [8, 20])
@pytest.mark.parametrize("mode", ["training", "evaluation"])
def test_mirrored_weights_make_a_plain_net_the_linear_one_of_half_its_width(mode: str, depth: int) -> None:
    x, distances = images(), {}
    for kind, residual in (("mirrored", False), ("mispaired", False), ("he", False), ("mirrored", True)):
        net = start(kind, residual, depth).train(mode == "training")
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):  # statistics as training leaves them: of mirrored channels mirrored
                mean, variance = (torch.rand(module.num_features // 2, generator=generator(1), dtype=torch.float64) for _ in range(2))
                module.running_mean.copy_(torch.cat([mean, -mean]))
                module.running_var.copy_(torch.cat([variance, variance]) + 0.5)
        with torch.no_grad():
            distances[kind, residual] = far(net(x), half_as_wide(net, x))
    assert distances.pop(("mirrored", False)) < 1e-10
    assert min(distances.values()) > 0.1, distances


def test_only_mirrored_weights_make_a_net_additive_and_only_without_shortcuts() -> None:
    """f(x + y) = f(x) + f(y) with BN's statistics at 0 and 1, and the bias 0."""
    x, y = images(seed=1), images(seed=2)
    found = {}
    for kind, residual in (("mirrored", False), ("mispaired", False), ("he", False), ("mirrored", True)):
        net = start(kind, residual).eval()
        with torch.no_grad():
            found[kind, residual] = far(net(x + y), net(x) + net(y))
    assert found.pop(("mirrored", False)) < 1e-10
    assert min(found.values()) > 0.1, found


def test_mirrored_and_mispaired_weights_have_equally_many_free_ones_each_a_drawn_one() -> None:
    drawn, paired, unpaired = (start(kind) for kind in ("he", "mirrored", "mispaired"))
    for place, layer in enumerate(zip(*(weights(net) for net in (drawn, paired, unpaired)), strict=True)):
        w, of_paired, of_unpaired = (part.detach() for part in layer)
        rows, columns = len(w), w.shape[1]
        kept = w[: rows if place == 7 else rows // 2, : max(1, columns // 2)]
        for changed in (of_paired, of_unpaired):
            assert torch.equal(changed[: len(kept), : kept.shape[1]], kept)
            assert torch.equal(changed.abs().unique(), kept.abs().unique())
            if columns > 1:
                assert torch.equal(changed[:, columns // 2 :], -changed[:, : columns // 2])
        if place < 7:
            half = rows // 2
            assert torch.equal(of_paired[half:], -of_paired[:half])
            assert not torch.equal(of_unpaired[half:], -of_unpaired[:half])
            assert sorted(of_unpaired[half:].flatten(1).tolist()) == sorted((-of_unpaired[:half]).flatten(1).tolist())
            assert all(not torch.equal(*pair) for pair in zip(of_unpaired[half:], -of_unpaired[:half], strict=True)), "no channel stands where its mirror image should"
    assert not paired.linear.bias.any()


# Through training


def test_two_things_happen_one_after_the_other_with_all_that_is_said_of_the_moment() -> None:
    happened: list[tuple] = []
    moment = both(lambda *said: happened.append(("first", *said)), lambda *said: happened.append(("second", *said)))
    moment(3)
    moment()
    assert happened == [("first", 3), ("second", 3), ("first",), ("second",)]


@pytest.mark.parametrize(("name", "paired"), [("mirrored", True), ("mispaired", False)])
def test_weights_are_changed_as_the_remedy_is_called(name: str, paired: bool) -> None:
    nets, of_own = [convnet(seed) for seed in SEEDS], [convnet(seed) for seed in SEEDS]
    assert degradation.prepared({"remedy": name}, nets, [], None, None) is None
    for net, own in zip(nets, of_own, strict=True):
        mirrored(own, paired)
        assert all(torch.equal(*pair) for pair in zip(net.parameters(), own.parameters(), strict=True))


EPOCHS, BATCH, RATE, LONGEST, SHARE, THRESHOLD = 3, 6, 0.1, 0.4, 0.1, 0.6
REMEDIES = {
    None: {},
    "clipping": {"longest": LONGEST},
    "rate_per_layer": {},
    "fixed_length": {},
    "warm_up": {"share": SHARE, "threshold": THRESHOLD},
    "orthogonal": {},
    "mirrored": {},
    "mispaired": {},
}


def by_hand(net: ConvNet, x: torch.Tensor, labels: torch.Tensor, order: torch.Generator, remedy: str | None) -> list[float]:
    """The same training of one net, written out; its losses by step."""
    parameters = dict(net.named_parameters())
    of_layers = [name for name, p in parameters.items() if p.dim() > 1]
    velocities = {name: torch.zeros_like(p) for name, p in parameters.items()}
    first = {name: p.norm().item() for name, p in parameters.items()}
    losses, share, steps = [], SHARE if remedy == "warm_up" else 1, EPOCHS * 3
    for _ in range(EPOCHS):
        for index in torch.randperm(20, generator=order)[:18].split(BATCH):
            loss = cross_entropy(net.train()(x[index]), labels[index])
            g = dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values())), strict=True))
            if remedy == "clipping":
                whole = sum((part**2).sum().item() for part in g.values()) ** 0.5
                g = {name: part * min(1, LONGEST / whole) for name, part in g.items()}
            if remedy == "rate_per_layer":
                g |= {name: g[name] / g[name].norm() * parameters[name].detach().norm() for name in of_layers}
            eta = RATE * (1 + np.cos(np.pi * len(losses) / steps)) / 2
            for name, p in parameters.items():
                velocities[name] = 0.9 * velocities[name] + share * g[name] + 1e-4 * p.detach()
                p.data -= eta * velocities[name]
                if remedy == "fixed_length" and name in of_layers and "linear" not in name:
                    p.data *= first[name] / p.detach().norm()
            losses.append(loss.item())
        if share < 1 and loss_and_error(net, x, labels)[1] < THRESHOLD:
            share = 1
    return losses


def at_the_start(remedy: str | None) -> tuple:
    """Nets with the remedy, what training does with it, images and labels; the first net's images are easy to tell apart."""
    runs = streams("remedies", SEEDS)
    nets = [convnet(seed) for seed in SEEDS]
    x = torch.stack([images(seed=seed) for seed in SEEDS])
    labels = torch.arange(20) % 3
    x[0] += labels.view(-1, 1, 1, 1)
    labels = torch.stack([labels] * 3)
    return nets, degradation.prepared({"remedy": remedy} | REMEDIES[remedy], nets, runs, x, labels), x, labels


@pytest.mark.parametrize("remedy", REMEDIES)
def test_a_net_beside_others_is_trained_as_the_written_out_steps_train_it_alone(remedy: str | None) -> None:
    nets, does, x, labels = at_the_start(remedy)
    alone = copy.deepcopy(nets)
    history = train_side_by_side(nets, x, labels, [generator(seed) for seed in SEEDS], EPOCHS, BATCH, RATE, remedy=does)
    for s, net in enumerate(alone):
        losses = by_hand(net, x[s], labels[s], generator(SEEDS[s]), remedy)
        np.testing.assert_allclose(history[:, s], np.reshape(losses, (EPOCHS, 3)).mean(axis=1), rtol=1e-8)
        for name, tensor in nets[s].state_dict().items():
            if tensor.dim():
                torch.testing.assert_close(tensor, net.state_dict()[name], rtol=1e-6, atol=1e-8, msg=name)


@pytest.mark.parametrize("remedy", [name for name in REMEDIES if name])
def test_one_seed_alone_is_what_it_is_beside_others_and_the_remedy_makes_a_difference(remedy: str) -> None:
    together, does, x, labels = at_the_start(remedy)
    beside = train_side_by_side(together, x, labels, [generator(seed) for seed in SEEDS], EPOCHS, BATCH, RATE, remedy=does)
    nets, *_ = at_the_start(remedy if does is None else None)
    does = degradation.prepared({"remedy": remedy} | REMEDIES[remedy], nets[:1], streams("remedies", SEEDS[:1]), x, labels) if does else None
    alone = train_side_by_side(nets[:1], x[:1], labels[:1], [generator(SEEDS[0])], EPOCHS, BATCH, RATE, remedy=does)
    np.testing.assert_allclose(alone[:, 0], beside[:, 0], rtol=1e-9)
    plain, *_ = at_the_start(None)
    without = train_side_by_side(plain, x, labels, [generator(seed) for seed in SEEDS], EPOCHS, BATCH, RATE)
    assert (without[1:] - beside[1:]).abs().min() > 1e-6


def test_the_warm_up_above_ends_for_one_net_and_not_for_all() -> None:
    """Else the test of it beside others would hold without a factor for each net."""
    nets, does, x, labels = at_the_start("warm_up")
    errors: list[list[float]] = []

    def observe(_: int) -> None:
        errors.append([loss_and_error(net, x[s], labels[s])[1] for s, net in enumerate(nets)])

    train_side_by_side(nets, x, labels, [generator(seed) for seed in SEEDS], EPOCHS, BATCH, RATE, observe, does)
    over = [any(epoch[s] < THRESHOLD for epoch in errors[1:-1]) for s in range(3)]
    assert any(over) and not all(over), errors


def test_every_remedy_is_tried_here() -> None:
    helpers = {"by_net", "length", "multiply", "weights"}
    functions: dict[str, Callable] = {name: f for name, f in vars(remedies).items() if inspect.isfunction(f) and f.__module__ == remedies.__name__}
    assert set(functions) - helpers == {name for name in REMEDIES if name} - {"mispaired"}
