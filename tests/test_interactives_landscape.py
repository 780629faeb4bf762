"""The loss landscape in three dimensions: what it says and draws, by keyboard, mouse and touch."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from scripts.browser import whole
from scripts.frontend.task_interactives import SOURCES
from scripts.record import array, read
from tests.conftest import has_scheme
from tests.test_interactives import Box, number, rounded, says, tap_at, touch  # noqa: F401

pytestmark = pytest.mark.browser

PAGE = "loss_landscape/"
KINDS = ("plain", "residual")
RECORDS = {kind: read(f"loss_landscape_{kind}") for kind in KINDS}
GRID = array(RECORDS["plain"], "coarse_grid")
HEIGHT, REACH, TALL = 1.3, 2, 250  # as surface.js and loss_landscape.js have them


def losses(kind: str, mode: str, seed: int) -> np.ndarray:
    return array(RECORDS[kind], f"surface_{mode}")[seed]


def rotated(points: np.ndarray, turn: float, tilt: float) -> np.ndarray:
    """(right, upwards, away) of points (…, 3), by matrices: about the vertical, then about the horizontal."""
    theta, phi = np.radians([turn, tilt])
    about_vertical = np.array(
        [[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]]
    )
    # What lies away rises with the tilt, and what stands upright leans towards the reader.
    about_horizontal = np.array([[1, 0, 0], [0, np.sin(phi), np.cos(phi)], [0, np.cos(phi), -np.sin(phi)]])
    return points @ (about_horizontal @ about_vertical).T


def shares(E: np.ndarray) -> np.ndarray:
    return np.clip((np.log10(E) + 3) / 4, 0, 1)


def places(E: np.ndarray, width: float, turn: float, tilt: float) -> np.ndarray:
    """Where the grid's points stand on a canvas: (α, β, [x, y, away])."""
    alpha, beta = np.meshgrid(GRID, GRID, indexing="ij")
    right, up, away = np.moveaxis(
        rotated(np.stack([alpha, beta, (shares(E) - 0.5) * HEIGHT], axis=-1), turn, tilt), -1, 0
    )
    scale = width / 2 / REACH
    return np.stack([width / 2 + scale * right, TALL / 2 - scale * up, away], axis=-1)


def hold(box: Box, mode: str, seed: int, i: int, j: int) -> None:
    surfaces = [losses(kind, mode, seed) for kind in KINDS]
    says(box, *[E[i, j] for E in surfaces])
    rows = box.rows()
    assert [number(row[0]) for row in rows] == pytest.approx(GRID.tolist(), abs=0.005 + 1e-9)
    for column, E in enumerate(surfaces, start=1):
        assert [number(row[column]) for row in rows] == rounded(E[:, j].tolist())
    for label, E in zip(box.labels(), surfaces, strict=True):
        extremes = [number(text.strip("、。.,")) for text in _numbers(label)]
        assert extremes == [rounded(E.min()), rounded(E.max())]


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d.]*(?:\u00a0×\u00a010[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?", text)


def canvases(box: Box) -> list:
    return box.locator.locator("canvas").all()


def to_the_middle(canvas) -> None:
    """Scroll a canvas to where neither the header nor what leads back to the top lies over it."""
    canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'center', behavior: 'instant' })")
    whole(canvas.page)


def pixels(canvas, at: np.ndarray) -> np.ndarray:
    """Colours, (points, 3), of a canvas at places in CSS pixels, (points, 2)."""
    return np.array(
        canvas.evaluate(
            """(canvas, at) => { const { width, height } = canvas;  // a copy: Chromium warns of canvases that are often read
               const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
               context.drawImage(canvas, 0, 0);
               return at.map((place) => place.map((pixels) => pixels * devicePixelRatio))
                        .map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3)); }""",
            at.tolist(),
        ),
        float,
    )


def colour(box: Box, variable: str) -> np.ndarray:
    """A colour of the theme, as the browser resolves it."""
    return np.array(
        box.locator.evaluate(
            """(box, variable) => { const context = document.createElement('canvas').getContext('2d');
               context.fillStyle = getComputedStyle(box).getPropertyValue(variable);
               context.fillRect(0, 0, 1, 1);
               return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3); }""",
            variable,
        ),
        float,
    )


def test_the_projection_is_a_rotation(page) -> None:
    def from_source(route) -> None:
        source = SOURCES / "shared" / route.request.url.rpartition("/")[2]
        route.fulfill(body=source.read_text(encoding="utf-8"), content_type="text/javascript")

    page.route("**/shared/*.js", from_source)
    page.goto("")
    points = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    for turn, tilt in ((0, 0), (30, 35), (-140, 80), (90, 90)):
        found = page.evaluate(
            """async ([points, turn, tilt]) => { const { project } = await import('/shared/surface.js');
               return points.map((point) => project(point, turn, tilt)); }""",
            [points.tolist(), turn, tilt],
        )
        assert np.array(found) == pytest.approx(rotated(points, turn, tilt), abs=1e-14)
        assert np.linalg.norm(found, axis=1) == pytest.approx(np.linalg.norm(points, axis=1)), "lengths stay"


def test_the_landscape_by_keyboard(page, traffic, served: str) -> None:
    box = Box(page, "loss_landscape", f"en/{PAGE}")
    hold(box, "train", 0, 8, 8)
    box.press("seed (nets and planes)", "ArrowRight", "1")
    box.press("the point's α", "Home", "0")
    box.press("the point's β", "ArrowLeft", "7")
    hold(box, "train", 1, 0, 7)
    box.press("BN's statistics", "End", "eval")
    hold(box, "eval", 1, 0, 7)
    before = [pixels(canvas, np.mgrid[20:250:20, 20:230:20].reshape(2, -1).T) for canvas in canvases(box)]
    box.press("turn", "ArrowRight", "35")
    after = [pixels(canvas, np.mgrid[20:250:20, 20:230:20].reshape(2, -1).T) for canvas in canvases(box)]
    assert all((one != other).any() for one, other in zip(before, after, strict=True)), "both turn"
    hold(box, "eval", 1, 0, 7)
    settings = {"seed": 1, "alpha": 0, "beta": 7, "mode": "eval", "turn": 35}  # in the order in which they left their defaults
    address = f"{served}en/{PAGE}?" + "&".join(f"loss_landscape.{key}={value}" for key, value in settings.items())
    expect(page).to_have_url(address)
    hold(Box(page, "loss_landscape", address), "eval", 1, 0, 7)
    assert traffic.errors == [] and traffic.foreign == []


@pytest.mark.parametrize(("scheme", "mode"), [("light", "train"), ("dark", "eval")])
def test_seen_from_above_every_facet_has_the_shade_of_its_loss(page, scheme: str, mode: str) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    settings = (
        f"?loss_landscape.tilt=90&loss_landscape.turn=20&loss_landscape.mode={mode}&loss_landscape.seed=3"
    )
    box = Box(page, "loss_landscape", f"en/{PAGE}{settings}&loss_landscape.alpha=0&loss_landscape.beta=0")
    has_scheme(page, scheme)
    paper = colour(box, "--md-default-bg-color")
    for kind, canvas in zip(KINDS, canvases(box), strict=True):
        E = losses(kind, mode, 3)
        seen = places(E, canvas.bounding_box()["width"], 20, 90)[..., :2]
        corners = np.stack([seen[:-1, :-1], seen[1:, :-1], seen[1:, 1:], seen[:-1, 1:]])
        share = np.mean(
            [s for s in (shares(E)[:-1, :-1], shares(E)[1:, :-1], shares(E)[1:, 1:], shares(E)[:-1, 1:])],
            axis=0,
        )
        opacity = (0.95 - 0.8 * share).ravel()[:, None]
        expected = paper + opacity * (colour(box, f"--{kind}") - paper)
        found = pixels(canvas, corners.mean(axis=0).reshape(-1, 2))
        away_from_the_point = np.ones(share.shape, bool)
        away_from_the_point[:2, :2] = False
        assert np.abs(found - expected)[away_from_the_point.ravel()].max() < 6


@pytest.mark.parametrize(("turn", "tilt", "i", "j"), [(30, 35, 8, 8), (-100, 20, 2, 13), (180, 60, 16, 0)])
def test_the_chosen_point_stands_where_its_loss_puts_it(page, turn: int, tilt: int, i: int, j: int) -> None:
    settings = f"turn={turn}&loss_landscape.tilt={tilt}&loss_landscape.alpha={i}&loss_landscape.beta={j}"
    box = Box(page, "loss_landscape", f"en/{PAGE}?loss_landscape.{settings}")
    paper = colour(box, "--md-default-bg-color")
    for kind, canvas in zip(KINDS, canvases(box), strict=True):
        x, y, _ = places(losses(kind, "train", 0), canvas.bounding_box()["width"], turn, tilt)[i, j]
        dot = pixels(canvas, np.array([[x, y], [x + 2.5, y], [x - 2.5, y], [x, y + 2.5]]))
        assert np.ptp(dot, axis=0).max() < 3, "a dot of one colour"
        assert np.abs(dot[0] - paper).min() > 180, "the colour of ink"


def front(seen: np.ndarray, x: float, y: float) -> list[tuple[int, int]]:
    """The corners of the nearest facet that a place lies in: by barycentric coordinates in its halves."""
    found = []
    for i in range(len(seen) - 1):
        for j in range(len(seen) - 1):
            corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            for triangle in (corners[:3], [corners[0], *corners[2:]]):
                points = np.array([seen[corner][:2] for corner in triangle])
                weights = np.linalg.lstsq(np.vstack([points.T, np.ones(3)]), [x, y, 1], rcond=None)[0]
                if (weights > 0).all():
                    found.append((np.mean([seen[corner][2] for corner in corners]), corners))
    return min(found)[1] if found else []


@pytest.mark.parametrize(("turn", "tilt"), [(-60, 15)])
def test_the_mouse_finds_what_it_points_at_and_turns_both(page, turn: int, tilt: int) -> None:
    box = Box(page, "loss_landscape", f"en/{PAGE}?loss_landscape.turn={turn}&loss_landscape.tilt={tilt}")
    canvas = canvases(box)[1]
    to_the_middle(canvas)
    frame = canvas.bounding_box()
    seen = places(losses("residual", "train", 0), frame["width"], turn, tilt)
    pointed = 0
    for x, y in ((0.5, 0.5), (0.42, 0.6), (0.6, 0.45), (0.5, 0.62)):
        corners = front(seen, x * frame["width"], y * TALL)
        if not corners:
            continue
        page.mouse.move(frame["x"] + x * frame["width"], frame["y"] + y * TALL)
        nearest = min(
            corners, key=lambda corner: np.hypot(*(seen[corner][:2] - (x * frame["width"], y * TALL)))
        )
        for axis, index in zip("αβ", nearest, strict=True):
            expect(box.control(f"the point's {axis}")).to_have_value(str(index))
        hold(box, "train", 0, *nearest)
        to_the_middle(canvas)
        pointed += 1
    assert pointed > 1
    frame = canvas.bounding_box()
    page.mouse.move(frame["x"] + 100, frame["y"] + 100)
    page.mouse.down()
    page.mouse.move(frame["x"] + 140, frame["y"] + 80, steps=8)
    page.mouse.up()
    expect(box.control("turn"), "half a degree a pixel, against the hand's way round").to_have_value(str(turn - 20))
    expect(box.control("tilt")).to_have_value(str(max(10, tilt - 10)))
    expect(page).to_have_url(re.compile(rf"loss_landscape\.turn={turn - 20}\b"))


def test_the_landscape_by_touch(touch) -> None:  # noqa: F811
    box = Box(touch, "loss_landscape", PAGE)
    i, seed = int(tap_at(box.control("点の α"), 0.25)), int(tap_at(box.control("シード(ネットと平面)"), 0.7))
    j = int(box.control("点の β").input_value())
    assert 2 < i < 6 and j == 8 and seed in (6, 7)
    hold(box, "train", seed, i, j)
    canvas = canvases(box)[0]
    to_the_middle(canvas)
    frame = canvas.bounding_box()
    seen = places(losses("plain", "train", seed), frame["width"], 30, 35)
    x, y = np.add(seen[9, 6][:2], 1)
    expected = min(front(seen, x, y), key=lambda corner: np.hypot(*(seen[corner][:2] - (x, y))))
    canvas.tap(position={"x": float(x), "y": float(y)})
    for axis, index in zip("αβ", expected, strict=True):
        expect(box.control(f"点の {axis}")).to_have_value(str(index))
    hold(box, "train", seed, *expected)
    to_the_middle(canvas)
    frame = canvas.bounding_box()
    session = touch.context.new_cdp_session(touch)
    for kind, right in (("touchStart", 0), *(("touchMove", 5 * k) for k in range(1, 17)), ("touchEnd", None)):
        points = [] if right is None else [{"x": frame["x"] + 100 + right, "y": frame["y"] + 100}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(touch).to_have_url(re.compile(r"loss_landscape\.turn="))  # written when the finger is lifted
    turn = int(box.control("回転角").input_value())
    assert -15 <= turn <= -5, "a finger turns it"
    assert int(box.control("見下ろす角度").input_value()) == 35
