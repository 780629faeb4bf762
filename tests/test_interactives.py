"""Interactives in a browser: formulas and every number they say against Python, by keyboard and touch."""

import gzip
import json
import re
from collections.abc import Iterator
from functools import partial
from math import comb
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from scripts.browser import whole
from scripts.frontend.task_interactives import BUNDLES, SOURCES
from scripts.pages import interactives
from scripts.project import DOCS, languages
from scripts.record import array, read
from snippets import activations, block_algebra, paths, seeded
from snippets.backward_product import backward_product, layers
from tests.conftest import PATIENCE

pytestmark = pytest.mark.browser

PLACES = {
    "backward_product": "vanishing_gradients/",
    "block": "residual_learning/",
    "degradation": "degradation/",
    "loss_landscape": "loss_landscape/",
    "spirals": "degradation/",
}
USUAL_RATE = read("degradation_plain")["settings"]["learning_rate"]
MINUS_AND_SUPERSCRIPTS = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


def number(text: str) -> float:
    """What `5.48 × 10⁻¹⁹` says."""
    mantissa, _, power = text.replace("\u00a0", "").partition("×10")
    mantissa, power = (part.translate(MINUS_AND_SUPERSCRIPTS) for part in (mantissa, power))
    return float(mantissa) * 10.0 ** int(power or 0)


def rounded(expected):
    """Three significant digits are said."""
    return pytest.approx(expected, rel=6e-3)


class Box:
    """An interactive on a page, scrolled to and filled.

    It follows its controls at once: a test that waits until a control has its new value may look at all the rest.
    """

    def __init__(self, page, name: str, address: str | None = None):
        """`address` is that of its Japanese page unless given; empty, that of the page which is open."""
        self.page, self.name = page, name
        if address != "":
            page.goto(address or PLACES[name])
        whole(page)
        self.locator = page.locator(f"[data-interactive={name}]")
        self.locator.scroll_into_view_if_needed()
        self.sentence = self.locator.locator("output.interactive__says")
        expect(self.sentence).not_to_be_empty()

    def says(self) -> str:
        return self.sentence.inner_text()

    def control(self, label: str, group: str | None = None):
        return (self.locator.get_by_role("group", name=group) if group else self.locator).get_by_label(label, exact=True)

    def press(self, label: str, key: str, value: str | bool, group: str | None = None) -> None:
        """Press a key on a control, and wait until it has a value, or is checked or not."""
        control = self.control(label, group)
        control.press(key)
        if isinstance(value, bool):
            expect(control).to_be_checked(checked=value)
        else:
            expect(control).to_have_value(value)

    def rows(self) -> list[list[str]]:
        """The table of values, opened by the keyboard."""
        if self.locator.locator("details[open]").count() == 0:
            self.locator.locator("summary").press("Enter")
            expect(self.locator.locator("th").first).to_be_visible()
        cells = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        return self.locator.locator("tr").evaluate_all(cells)[1:]

    def drawn(self, path: str) -> np.ndarray:
        """The points of a drawn line, in pixels: (points, 2), y upwards."""
        commands = self.locator.locator(path).get_attribute("d")
        return np.array(re.findall(r"[\d.-]+", commands), float).reshape(-1, 2) * (1, -1)

    def labels(self) -> list[str]:
        return [image.get_attribute("aria-label") for image in self.locator.get_by_role("img").all()]


@pytest.fixture
def touch(browser, served: str) -> Iterator:
    """A telephone's page."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        locale="ja-JP",
        base_url=served,
    )
    yield context.new_page()
    context.close()


def tap_at(slider, share: float) -> str:
    """The value to which a finger moves a slider, at a share of its length where it does not yet stand."""
    before, box = slider.input_value(), slider.bounding_box()
    slider.tap(position={"x": share * box["width"], "y": box["height"] / 2})
    expect(slider).not_to_have_value(before)
    return slider.input_value()


def is_drawn_from(pixels: np.ndarray, numbers) -> bool:
    """Whether pixels are the numbers, but for the axis's place and unit; they are rounded to a tenth."""
    numbers = np.asarray(numbers, float)
    if len(numbers) == 1 or np.ptp(numbers) == 0:
        return np.ptp(pixels) < 0.11
    line = np.polyval(np.polyfit(numbers, pixels, 1), numbers)
    return len(pixels) == len(numbers) and np.abs(line - pixels).max() < 0.11


# What each interactive must say, from snippets/ and the records


def gradient_ratios(depth: int, activation: str, scale: float, shortcut: bool) -> np.ndarray:
    """‖∂E/∂aₗ‖ by layer relative to the last, as backward_product.js draws its nets."""
    width, size = 32, 32 * 8
    draws = seeded.normal(0, 2 * size + depth * width**2)
    x, gradient = draws[: 2 * size].reshape(2, 8, width)
    weights = list(2**scale / width**0.5 * draws[2 * size :].reshape(depth, width, width))
    phi = getattr(activations, activation)
    norms = backward_product(layers(x, weights, phi, int(shortcut)), weights, gradient, phi, int(shortcut))
    return norms / norms[-1]


def says(box: Box, *values: float) -> None:
    """Hold the sentence to hold these numbers."""
    said = re.findall(r"−?\d[\d.]*(?:\u00a0×\u00a010[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?", box.says().replace("。", " "))
    for value in values:
        assert any(number(text.rstrip(".")) == rounded(value) for text in said), (
            f"{value} is not in: {box.says()}"
        )


def hold_backward_product(box: Box, depth: int, activation: str, scale: float, shortcut: bool) -> None:
    expected = gradient_ratios(depth, activation, scale, shortcut)
    rows = box.rows()
    assert [int(row[0]) for row in rows] == list(range(1, depth + 1))
    assert [number(row[1]) for row in rows] == rounded(expected)
    assert [number(row[2]) for row in rows] == rounded(0.25 ** np.arange(depth - 1, -1, -1.0))
    says(box, expected[0], expected[0] ** (1 / (depth - 1)), 0.25 ** (depth - 1))
    assert box.labels() == [box.says()]
    line = box.drawn(f"path.line.{'residual' if shortcut else 'plain'}")
    assert is_drawn_from(line[:, 0], range(depth)) and is_drawn_from(line[:, 1], np.log10(expected))
    assert line[-1] == pytest.approx(box.drawn("path.line.theory")[-1]), "both are 1 at the last layer"


def hold_block(box: Box, J: float, L: int) -> None:
    jacobians = [np.array([[J]])] * L
    terms = paths.sums_by_length(jacobians, np.ones(1))[:, 0]
    rows = box.rows()
    assert [int(row[0]) for row in rows] == list(range(L + 1))
    assert [number(row[1]) for row in rows] == rounded(terms)
    assert [number(row[2]) for row in rows] == rounded(
        [paths.share_of_bound(L, k, abs(J)) for k in range(L + 1)]
    )
    assert [number(row[3]) for row in rows] == rounded([paths.share_of_paths(L, k) for k in range(L + 1)])
    says(box, block_algebra.stack_jacobian(jacobians)[0, 0], (1 + abs(J)) ** L, L * abs(J) / (1 + abs(J)))
    factor = abs(1 + J)
    fate = "0 after" if factor == 0 else "vanishes" if factor < 1 else "holds" if factor == 1 else "explodes"
    fate_ja = {
        "0 after": "0 になり",
        "vanishes": "消えます",
        "holds": "保たれます",
        "explodes": "爆発します",
    }[fate]
    assert fate in box.says() or fate_ja in box.says()
    curve = box.drawn("path.line.residual")
    assert is_drawn_from(curve[:, 1], [0] if J == -1 else np.arange(L + 1) * np.log10(factor))
    heights = box.locator.locator(".plot__canvas rect").evaluate_all(
        """bars => bars.map(bar => [bar.x.baseVal.value, bar.height.baseVal.value])
                 .sort((one, other) => one[0] - other[0])"""
    )
    assert is_drawn_from(np.array(heights)[:, 1], [paths.share_of_bound(L, k, abs(J)) for k in range(L + 1)])
    assert all(box.says() in label for label in box.labels()) and len(box.labels()) == 2


def training_losses(kind: str, depth: int, rate: float) -> list | None:
    """By seed and epoch, None for a seed that diverged; None where a record has no such nets."""
    usual = read(f"degradation_{kind}")
    if rate == usual["settings"]["learning_rate"]:
        return usual["measurements"][f"loss_{depth}"]["values"]
    (found,) = [
        record["measurements"].get(f"loss_{kind}_{depth}_{variant}", {}).get("values")
        for record in (read("rates"), read("rates_large"))
        for variant, own in record["settings"]["variants"].items()
        if own["learning_rate"] == rate
    ]
    return found


def every_seed(rate: float = USUAL_RATE) -> list[int]:
    return list(range(len(training_losses("plain", 56, rate))))


def hold_degradation(
    box: Box, kinds: list[str], depths: list[int], seeds: list[int], rate: float = USUAL_RATE
) -> None:
    """`depths` and `seeds` are the boxes that are checked."""
    rows = box.rows()
    expected, drawn, diverged = [], [], 0
    for kind in kinds:
        for depth in depths:
            trained = training_losses(kind, depth, rate)
            if trained is None:
                continue
            runs = np.array([trained[seed] for seed in seeds if trained[seed]])
            diverged += len(seeds) - len(runs)
            if len(runs):
                final = runs[:, -1]
                expected.append([np.exp(np.log(final).mean()), final.min(), final.max()])
                line = f"path.line.{kind}.depth-{depth}"
                assert is_drawn_from(box.drawn(line)[:, 1], np.log(runs).mean(axis=0))
                drawn.append(line)
    assert box.locator.locator("path.line").count() == len(drawn)
    assert [[number(cell) for cell in row[1:]] for row in rows] == [rounded(row) for row in expected]
    for row in rows:
        assert row[1].replace("\u00a0", " ") in box.says().replace("\u00a0", " ")
    assert re.match(rf"(Learning rate|学習率) {rate:g}(\.(?= )| では、)", box.says())
    assert bool(re.search("was trained|選んだ組み合わせ", box.says())) == (not expected and not diverged)
    assert bool(re.search(rf"(seeds: {len(seeds)}|シード {len(seeds)} 個)\)", box.says())) == bool(expected)
    said = re.findall(r"(\d+) (?:of the trainings|回の訓練は)", box.says())
    assert said == ([str(diverged)] if diverged else [])
    assert box.labels() == [box.says()]
    every_depth = read("degradation_plain")["settings"]["depths"]
    of_depths = {d: any(training_losses(kind, d, rate) for kind in ("plain", "residual")) for d in every_depth}
    of_seeds = {seed: seed in every_seed(rate) for seed in every_seed()}
    for group, offered, checked in (("layers|層の数", of_depths, depths), ("seeds|シード", of_seeds, seeds)):
        boxes = box.locator.get_by_role("group", name=re.compile(group)).get_by_role("checkbox")
        seen = boxes.evaluate_all("boxes => boxes.map(box => [Number(box.value), !box.disabled, box.checked])")
        assert seen == [[value, there, value in checked] for value, there in offered.items()]
    assert box.control("学習率" if "学習率" in box.says() else "learning rate").input_value() == f"{rate:g}"


# Formulas


@pytest.fixture
def formulas(page):
    """evaluate(JavaScript) with every formula, from the module that interactives are bundled from."""
    module = (SOURCES / "shared/formulas.js").read_text(encoding="utf-8")
    page.route("**/formulas.js", lambda route: route.fulfill(body=module, content_type="text/javascript"))
    page.goto("")
    return lambda expression, argument=None: page.evaluate(
        f"async (given) => {{ const f = await import('/formulas.js'); return ({expression})(f, given); }}",
        argument,
    )


Z = [-800.0, -30.0, -2.5, -1e-9, 0.0, 1e-9, 0.3, 2.5, 30.0, 800.0]


@pytest.mark.parametrize(
    "name", ["sigmoid", "sigmoid_derivative", "tanh", "tanh_derivative", "relu", "relu_derivative"]
)
def test_activations_equal_pythons(formulas, name: str) -> None:
    with np.errstate(over="ignore"):
        expected = getattr(activations, name)(np.array(Z))
    found = formulas(f"(f, z) => z.map(f.{name})", Z)
    assert found == pytest.approx(expected.tolist(), rel=1e-14, abs=1e-300)


@pytest.mark.parametrize("seed", [0, 7, 2**31, 2**32 - 1])
def test_random_numbers_equal_pythons(formulas, seed: int) -> None:
    assert formulas("(f, seed) => [...f.uniform(seed, 999)]", seed) == seeded.uniform(seed, 999).tolist()
    found = formulas("(f, seed) => [...f.normal(seed, 999)]", seed)
    assert found == pytest.approx(seeded.normal(seed, 999).tolist(), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("shortcut", [0, 1])
def test_the_backward_product_equals_pythons(formulas, activation: str, shortcut: int) -> None:
    rng = np.random.default_rng(1)
    x, gradient, weights = (
        rng.standard_normal((3, 5)),
        rng.standard_normal((3, 5)),
        rng.standard_normal((9, 5, 5)),
    )
    phi = getattr(activations, activation)
    z = layers(x, list(weights), phi, shortcut)
    given = {
        "x": x.ravel().tolist(),
        "weights": weights.reshape(9, -1).tolist(),
        "gradient": gradient.ravel().tolist(),
        "activation": activation,
        "shortcut": shortcut,
    }
    found_z, norms = formulas(
        """(f, g) => { const z = f.layers(g.x, g.weights, g.activation, g.shortcut);
           const norms = f.backward_product(z, g.weights, g.gradient, g.activation, g.shortcut);
           return [z.map((row) => [...row]), norms]; }""",
        given,
    )
    assert np.array(found_z).reshape(9, 3, 5) == pytest.approx(np.array(z), rel=1e-11)
    assert norms == pytest.approx(
        backward_product(z, list(weights), gradient, phi, shortcut).tolist(), rel=1e-11
    )


@pytest.mark.parametrize("jacobians", [[0.5], [-1.0, 0.2, 3.0], [0.1] * 50, [-2.0, 2.0] * 20])
def test_products_and_paths_of_blocks_equal_pythons(formulas, jacobians: list[float]) -> None:
    matrices = [np.array([[J]]) for J in jacobians]
    for shortcut in (0.0, 0.9, 1.0):
        expected = block_algebra.stack_jacobian(matrices, shortcut)[0, 0]
        assert formulas("(f, [J, s]) => f.stack_jacobian(J, s)", [jacobians, shortcut]) == pytest.approx(
            expected, rel=1e-12
        )
    expected = paths.sums_by_length(matrices, np.array([1.5]))[:, 0]
    assert formulas("(f, J) => f.sums_by_length(J, 1.5)", jacobians) == pytest.approx(
        expected.tolist(), rel=1e-12
    )


def test_shares_of_paths_equal_pythons(formulas) -> None:
    lengths = [(depth, length) for depth in (1, 2, 54, 100) for length in {0, 1, depth // 2, depth}]
    found = formulas(
        "(f, given) => given.map(([L, k]) => [f.share_of_paths(L, k), f.share_of_bound(L, k, 0.3)])", lengths
    )
    expected = [[paths.share_of_paths(L, k), paths.share_of_bound(L, k, 0.3)] for L, k in lengths]
    assert np.array(found) == pytest.approx(np.array(expected), rel=1e-12)


def test_geometric_means_equal_numpys(formulas) -> None:
    assert formulas("(f, x) => f.geometric_mean(x)", [2e-3, 5.0, 0.7]) == pytest.approx(
        np.exp(np.log([2e-3, 5.0, 0.7]).mean())
    )


# By keyboard


def test_the_backward_product_by_keyboard(page, traffic) -> None:
    box = Box(page, "backward_product")
    hold_backward_product(box, 30, "sigmoid", 0, False)
    box.press("層の数 n", "ArrowRight", "31")
    box.control("層の数 n").press("PageDown")
    expect(box.control("層の数 n")).not_to_have_value("31")
    depth = int(box.control("層の数 n").input_value())
    assert depth < 30
    hold_backward_product(box, depth, "sigmoid", 0, False)
    box.press("重みの標準偏差", "ArrowRight", "0.25")
    box.press("重みの標準偏差", "ArrowRight", "0.5")
    expect(box.control("重みの標準偏差")).to_have_attribute("aria-valuetext", re.compile("He"))
    box.press("活性化関数", "End", "relu")
    hold_backward_product(box, depth, "relu", 0.5, False)
    box.press("ショートカット", "Space", True)
    hold_backward_product(box, depth, "relu", 0.5, True)
    box.press("層の数 n", "End", "100")
    box.press("重みの標準偏差", "End", "3")
    hold_backward_product(box, 100, "relu", 3, True)
    assert traffic.errors == [] and traffic.foreign == []


def test_the_block_by_keyboard(page, traffic) -> None:
    box = Box(page, "block", "en/residual_learning/")
    hold_block(box, 0.1, 50)
    slope, blocks = "slope of a branch J", "blocks L"
    box.press(slope, "ArrowLeft", "0.05")
    box.press(slope, "ArrowLeft", "0")
    hold_block(box, 0.0, 50)
    box.press(slope, "Home", "-2")
    box.press(blocks, "ArrowRight", "51")
    hold_block(box, -2.0, 51)
    for _ in range(20):
        box.control(slope).press("ArrowRight")
    expect(box.control(slope)).to_have_value("-1")
    hold_block(box, -1.0, 51)
    box.press(slope, "ArrowRight", "-0.95")
    box.press(blocks, "End", "100")
    hold_block(box, -0.95, 100)
    box.press(slope, "End", "2")
    hold_block(box, 2.0, 100)
    box.press(blocks, "Home", "1")
    hold_block(box, 2.0, 1)
    assert traffic.errors == [] and traffic.foreign == []


def test_degradation_by_keyboard(page, traffic) -> None:
    box = Box(page, "degradation", "en/degradation/")
    every = every_seed()
    hold_degradation(box, ["plain", "residual"], [20, 56], every)
    box.press("8", "Space", True, "layers")
    box.press("20", "Space", False, "layers")
    box.press("residual", "Space", False)
    hold_degradation(box, ["plain"], [8, 56], every)
    for seed in every:
        if seed != 2:
            box.press(str(seed), "Space", False, "seeds")
    hold_degradation(box, ["plain"], [8, 56], [2])
    box.press("2", "Space", False, "seeds")
    expect(box.sentence).to_have_text("Pick at least one net, one depth and one seed.")
    assert box.rows() == []
    assert traffic.errors == [] and traffic.foreign == []


def test_the_learning_rate_by_keyboard(page, traffic, served: str) -> None:
    address = f"{served}en/degradation/"
    box = Box(page, "degradation", "en/degradation/")
    rates = sorted(
        own["learning_rate"]
        for topic in ("rates", "rates_large")
        for own in read(topic)["settings"]["variants"].values()
    )
    below, above = max(rate for rate in rates if rate < USUAL_RATE), min(rate for rate in rates if rate > USUAL_RATE)
    options = box.control("learning rate").locator("option").all_inner_texts()
    assert options == [f"{rate:g}" for rate in sorted([*rates, USUAL_RATE])]
    box.press("8", "Space", True, "layers")
    box.press("1", "Space", False, "seeds")
    picked = f"{address}?degradation.depths=8.20.56&degradation.seeds=0.2.3.4.5.6.7.8.9"
    expect(page).to_have_url(picked)
    hold_degradation(box, ["plain", "residual"], [8, 20, 56], [seed for seed in every_seed() if seed != 1])

    box.press("learning rate", "ArrowUp", f"{below:g}")
    few = [seed for seed in every_seed(below) if seed != 1]
    assert len(few) < len(every_seed()) - 1
    hold_degradation(box, ["plain", "residual"], [20, 56], few, below)
    expect(page, "what is disabled stays picked").to_have_url(f"{picked}&degradation.rate={below:g}")
    box.control("residual").press("Tab")
    expect(box.control("20", "layers"), "the keyboard passes what is disabled by").to_be_focused()
    box.press("plain", "Space", False)
    box.press("56", "Space", False, "layers")
    none = f"Learning rate {below:g}. None of the combinations picked was trained at this rate."
    expect(box.sentence, "no residual net of 20 layers").to_have_text(none)
    hold_degradation(box, ["residual"], [20], few, below)
    box.press("20", "Space", False, "layers")
    expect(box.sentence, "8 is picked, and was trained at another rate").to_have_text(none)
    hold_degradation(box, ["residual"], [], few, below)

    box.press("learning rate", "ArrowDown", f"{USUAL_RATE:g}")
    hold_degradation(box, ["residual"], [8], [seed for seed in every_seed() if seed != 1])
    box.press("plain", "Space", True)
    box.press("56", "Space", True, "layers")
    box.press("learning rate", "ArrowDown", f"{above:g}")
    hold_degradation(box, ["plain", "residual"], [56], [seed for seed in every_seed(above) if seed != 1], above)
    box.press("learning rate", "Home", f"{rates[0]:g}")
    hold_degradation(box, ["plain", "residual"], [56], [seed for seed in every_seed(rates[0]) if seed != 1], rates[0])
    assert traffic.errors == [] and traffic.foreign == []


@pytest.mark.parametrize("language", ["", "en/"])
def test_a_box_that_is_disabled_is_seen_to_be(page, language: str) -> None:
    box = Box(page, "degradation", f"{language}degradation/?degradation.rate=0.01")
    group = box.locator.get_by_role("group", name=re.compile("layers|層の数"))
    colours = group.locator("label").evaluate_all(
        "labels => labels.map(label => [label.control.disabled, getComputedStyle(label).color])"
    )
    assert len({colour for _, colour in colours}) == len({tuple(pair) for pair in colours}) == 2
    group.get_by_text("8", exact=True).click(force=True)
    hold_degradation(box, ["plain", "residual"], [20, 56], every_seed(0.01), 0.01)


def test_the_seeds_of_all_learning_rates_are_one_list() -> None:
    """A box for a seed stands for the same weights, split and batches at each rate."""
    seeds = read("degradation_plain")["provenance"]["seeds"]
    for topic in ("degradation_residual", "rates", "rates_large"):
        measured = read(topic)
        assert measured["provenance"]["seeds"] == seeds[: measured["settings"]["seeds"]]


# By touch


def test_the_backward_product_by_touch(touch) -> None:
    box = Box(touch, "backward_product")
    depth, scale = tap_at(box.control("層の数 n"), 0.1), tap_at(box.control("重みの標準偏差"), 0.8)
    box.control("ショートカット").tap()
    expect(box.control("ショートカット")).to_be_checked()
    assert int(depth) < 20 and float(scale) > 1
    hold_backward_product(box, int(depth), "sigmoid", float(scale), True)


def test_the_block_by_touch(touch) -> None:
    box = Box(touch, "block")
    J, L = float(tap_at(box.control("枝の傾き J"), 0.3)), float(tap_at(box.control("ブロック数 L"), 0.2))
    assert -1.2 < J < -0.4 and 10 < L < 30
    hold_block(box, J, int(L))


def test_degradation_by_touch(touch) -> None:
    box = Box(touch, "degradation")
    for label in ("プレーン", "44", "56", "0", "1"):
        before = box.control(label).is_checked()
        box.control(label).tap()
        expect(box.control(label)).to_be_checked(checked=not before)
    hold_degradation(box, ["residual"], [20, 44], every_seed()[2:])
    box.control("プレーン").tap()
    for label in ("1", "56"):
        box.control(label).tap()
    box.control("学習率").select_option("0.0005")
    expect(box.control("44")).to_be_disabled()
    hold_degradation(box, ["plain", "residual"], [20, 56], every_seed(0.0005)[1:], 0.0005)


# What all share


def test_every_interactive_is_on_a_page_and_tested_here_or_in_a_file_of_its_own() -> None:
    tests = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_interactives*.py")
    )
    for language in languages():
        pages = "".join(path.read_text(encoding="utf-8") for path in (DOCS / language).glob("*.md"))
        for name in interactives.known():
            assert f"{{{{ interactive {name} }}}}" in pages
            assert f'"{name}"' in tests


@pytest.mark.parametrize(
    ("name", "query", "hold"),
    [
        (
            "backward_product",
            "depth=7&scale=0.5&activation=tanh&shortcut=on",
            partial(hold_backward_product, depth=7, activation="tanh", scale=0.5, shortcut=True),
        ),
        (
            "backward_product",
            "depth=x&scale=99&activation=gelu",  # what makes no sense is left alone, what is too large cut
            partial(hold_backward_product, depth=30, activation="sigmoid", scale=3, shortcut=False),
        ),
        ("block", "J=-0.5&L=12", partial(hold_block, J=-0.5, L=12)),
        (
            "degradation",
            "kinds=plain&depths=8.44&seeds=1.3",
            partial(hold_degradation, kinds=["plain"], depths=[8, 44], seeds=[1, 3]),
        ),
        (
            "degradation",
            "rate=0.002&depths=20.44&seeds=1.7",
            partial(hold_degradation, kinds=["plain", "residual"], depths=[20], seeds=[1], rate=0.002),
        ),
        (
            "degradation",
            "rate=0.03&depths=56&kinds=residual&seeds=0",  # nothing was trained at this rate
            partial(hold_degradation, kinds=["residual"], depths=[56], seeds=[0]),
        ),
    ],
)
def test_a_link_shows_what_its_sender_saw(page, name: str, query: str, hold) -> None:
    prefixed = "&".join(f"{name}.{setting}" for setting in query.split("&"))
    hold(Box(page, name, f"{PLACES[name]}?{prefixed}"))


def test_the_address_follows_and_keeps_its_anchor(page, served: str) -> None:
    box = Box(page, "block", "residual_learning/?other=1#paths")
    box.control("ブロック数 L").press("ArrowRight")
    box.control("枝の傾き J").press("Home")
    sent = f"{served}residual_learning/?other=1&block.L=51&block.J=-2#paths"
    expect(page).to_have_url(sent)
    box.control("ブロック数 L").press("ArrowLeft")
    expect(page, "a default needs no words").to_have_url(f"{served}residual_learning/?other=1&block.J=-2#paths")
    hold_block(Box(page, "block", sent), -2.0, 51)


@pytest.mark.parametrize("name", PLACES)
def test_its_script_comes_when_it_comes_into_view(page, name: str) -> None:
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(PLACES[name])
    whole(page)
    # Observers are told in the order in which they began: when this one is, the loader's has been.
    page.locator(f"[data-interactive={name}]").evaluate("box => new Promise(resolve => new IntersectionObserver(resolve).observe(box)).then(() => {})")
    assert any(url.endswith("interactives/loader.js") for url in asked)
    assert not any(url.endswith(f"interactives/{name}.js") for url in asked)
    Box(page, name, "")
    assert sum(url.endswith(f"interactives/{name}.js") for url in asked) == 1


def test_only_pages_with_an_interactive_have_the_loader(site: Path) -> None:
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert ("interactives/loader.js" in html) == ('data-interactive="' in html), page


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("language", ["", "en/"])
def test_nothing_moves_when_it_fills(page, name: str, language: str) -> None:
    def heights(place) -> list[float]:
        found = []
        for width in (390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function("width => innerWidth === width", arg=width)
            whole(page)
            found.append(place.bounding_box()["height"])
            assert page.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )
        return found

    page.route(f"**/interactives/{name}.js", lambda route: route.abort())
    page.goto(language + PLACES[name])
    whole(page)
    empty = heights(page.locator(f"[data-interactive={name}]"))
    page.unroute_all()
    box = Box(page, name, language + PLACES[name])
    assert heights(box.locator) == empty and min(empty) > 300
    bottom, of_content = box.locator.evaluate(
        "box => [box, box.lastChild].map(element => element.getBoundingClientRect().bottom)"
    )
    assert bottom - of_content < 60, "its place is far larger than it needs"


@pytest.mark.parametrize("name", PLACES)
def test_without_javascript_the_figure_stands_alone(browser, served: str, name: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=served)
    page = context.new_page()
    page.goto(PLACES[name])
    box = page.locator(f"[data-interactive={name}]")
    assert box.bounding_box()["height"] == 0 and box.inner_text() == ""
    expect(page.locator("svg.figure").first).to_be_visible()
    context.close()


@pytest.mark.parametrize("name", PLACES)
def test_it_works_from_a_file(browser, site: Path, name: str) -> None:
    page = browser.new_page()
    box = Box(page, name, (site / PLACES[name] / "index.html").as_uri())
    before = box.says()
    box.locator.locator("input").first.press("ArrowRight")
    box.locator.locator("input").first.press("Space")
    expect(box.sentence).not_to_have_text(before)
    expect(page).to_have_url(re.compile(rf"\?{name}\."))
    page.close()


def secure(page, address: str) -> None:
    """Have a page come with a strict policy, which lets no inline script run."""
    policy = "default-src 'self'; img-src 'self' data:; font-src 'self' data:"  # Material's icons and one font are in the stylesheet

    def strict(route) -> None:
        answer = route.fetch(timeout=PATIENCE)
        route.fulfill(response=answer, headers=answer.headers | {"content-security-policy": policy})

    page.route(address, strict)
    page.add_init_script(
        """window.broken = [];
           addEventListener('securitypolicyviolation', event => broken.push([event.violatedDirective, event.blockedURI, event.lineNumber]));"""
    )


def broken(page) -> list:
    """What a page that came by `secure` has broken of its policy since this was last asked."""
    # It is told of one thing after another: when it is of what is broken here, it has been of all before.
    return page.evaluate(
        """() => new Promise(resolve => {
            const probe = `https://probe.invalid/${performance.now()}`;
            addEventListener('securitypolicyviolation', function told({ blockedURI }) {
                if (blockedURI !== probe) return;
                removeEventListener('securitypolicyviolation', told);
                resolve(broken.splice(0).filter(([, blocked]) => !blocked.startsWith('https://probe.invalid')));
            });
            new Image().src = probe;
        })"""
    )


@pytest.mark.parametrize("name", PLACES)
def test_it_keeps_a_strict_content_security_policy(page, name: str) -> None:
    secure(page, f"**/{PLACES[name]}")
    page.goto(PLACES[name])
    whole(page)
    assert broken(page), "Material's own inline scripts break it, and had to be told of"
    box = Box(page, name, "")
    before = box.says()
    box.locator.locator("input").first.press("ArrowRight")
    box.locator.locator("input").first.press("Space")
    expect(box.sentence).not_to_have_text(before)
    assert broken(page) == []


@pytest.mark.parametrize("name", PLACES)
def test_a_screen_reader_hears_it(page, name: str) -> None:
    box = Box(page, name, f"en/{PLACES[name]}")
    for control in box.locator.locator("input, select").all():
        assert control.evaluate("input => input.labels[0]?.innerText.trim()"), "without a name"
    expect(box.locator.get_by_role("status").last, "changes are read out").to_have_text(box.says())
    for slider in box.locator.get_by_role("slider").all():
        assert slider.get_attribute("aria-valuetext")
    assert box.locator.get_by_role("group").count() or box.locator.get_attribute("role") == "group"
    assert box.locator.get_attribute("aria-label").startswith(("Try", "Pick"))


def test_they_weigh_little(site: Path) -> None:
    def weight(path: Path) -> int:
        return len(gzip.compress(path.read_bytes(), 9))

    assert weight(BUNDLES / "loader.js") < 1_000
    for name in PLACES:
        assert weight(BUNDLES / f"{name}.js") < {"loss_landscape": 200_000, "degradation": 13_000}.get(name, 10_000)


def test_a_diverged_seed_is_said(page, served: str) -> None:
    """No seed has diverged: put one into the script, as the record would have it."""
    bundle = (BUNDLES / "degradation.js").read_text(encoding="utf-8")
    losses = json.dumps([float(f"{loss:.4g}") for loss in read("degradation_plain")["measurements"]["loss_56"]["values"][0]])
    assert losses.replace(" ", "") in bundle
    without = bundle.replace(losses.replace(" ", ""), "null")
    page.route(
        "**/interactives/degradation.js",
        lambda route: route.fulfill(body=without, content_type="text/javascript"),
    )
    box = Box(page, "degradation", "en/degradation/?degradation.kinds=plain&degradation.depths=56")
    final = array(read("degradation_plain"), "loss_56")[1:, -1]
    expect(box.sentence).to_contain_text("1 of the trainings picked diverged")
    assert number(box.rows()[0][1]) == rounded(np.exp(np.log(final).mean()))


def test_comb_of_the_browser_is_pythons(formulas) -> None:
    shares = formulas("(f) => Array.from({length: 31}, (_, k) => f.share_of_paths(30, k) * 2 ** 30)")
    assert shares == [comb(30, k) for k in range(31)]
