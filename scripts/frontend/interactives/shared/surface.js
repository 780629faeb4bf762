// A surface over a square, seen from any side: an orthographic projection, painted from the back.
// Over a square that hides everything as it should, so that neither WebGL nor a library is needed.
import { element } from "./controls.js";

/** Where [α, β, height] stands: [to the right, upwards, away], after a turn about the vertical and a tilt, in degrees. */
export function project([alpha, beta, height], turn, tilt) {
  const [theta, phi] = [turn, tilt].map((degrees) => (degrees * Math.PI) / 180);
  const [right, away] = [alpha * Math.cos(theta) - beta * Math.sin(theta), alpha * Math.sin(theta) + beta * Math.cos(theta)];
  return [right, height * Math.cos(phi) + away * Math.sin(phi), away * Math.cos(phi) - height * Math.sin(phi)];
}

const HEIGHT = 1.3; // of the box, whose sides run from −1 to 1
const REACH = 2; // what the view shows from its middle to the left and right: the corners of any turn, and words beside them

/**
 * A view, and draw({label, color, grid, shares, turn, tilt, chosen, ticks}).
 *
 * shares[i][j], between 0 and 1, is the height over grid[i], grid[j]; `chosen` is [i, j]; ticks are [share, text].
 * `on.turned(right, up)` hears of drags in pixels, `on.picked([i, j])` of the point under a mouse or a tap, `on.released()`
 * of the end of both.
 */
export function surface(height, on) {
  const canvas = element("canvas", { className: "surface", role: "img" });
  canvas.style.height = `${height}px`;
  let [shown, facets, places] = [null, [], []];

  const point = (alpha, beta, share) => {
    const [right, up] = project([alpha, beta, (share - 0.5) * HEIGHT], shown.turn, shown.tilt);
    const scale = canvas.clientWidth / 2 / REACH;
    return [canvas.clientWidth / 2 + scale * right, height / 2 - scale * up];
  };

  function draw(spec = shown) {
    shown = spec;
    const width = canvas.clientWidth;
    if (!spec || !width) return;
    const { label, color, grid, shares, turn, tilt, chosen, ticks } = spec;
    canvas.setAttribute("aria-label", label);
    const sharp = devicePixelRatio;
    [canvas.width, canvas.height] = [width * sharp, height * sharp];
    const style = getComputedStyle(canvas);
    const [ink, paper, hue] = [style.color, style.getPropertyValue("--md-default-bg-color"), style.getPropertyValue(color)];
    const context = canvas.getContext("2d");
    context.scale(sharp, sharp);
    context.lineJoin = "round";
    context.font = `12px ${style.fontFamily}`;
    context.textBaseline = "middle";

    const line = (points, alpha, thick = 1) => {
      Object.assign(context, { globalAlpha: alpha, strokeStyle: ink, lineWidth: thick });
      context.beginPath();
      points.forEach((place) => context.lineTo(...place));
      context.stroke();
    };
    const text = (written, [x, y], align) => {
      Object.assign(context, { globalAlpha: 1, fillStyle: ink, textAlign: align });
      context.fillText(written, x, y);
    };

    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
    line([...corners, corners[0]].map(([alpha, beta]) => point(alpha, beta, 0)), 0.4);
    const left = corners.toSorted((one, other) => point(...one, 0)[0] - point(...other, 0)[0])[0];
    line([point(...left, 0), point(...left, 1)], 0.6);
    for (const [share, written] of ticks) {
      const [x, y] = point(...left, share);
      line([[x - 4, y], [x, y]], 0.6);
      text(written, [x - 7, y], "right");
    }
    for (const [name, alpha, beta] of [["α", 0, 1.25], ["β", 1.25, 0]]) {
      const side = project([alpha, beta, 0], turn, tilt)[2] > 0 ? -1 : 1; // the edge in front
      text(name, point(side * alpha, side * beta, 0), "center");
    }

    places = shares.map((row, i) => row.map((share, j) => point(grid[i], grid[j], share)));
    facets = [];
    for (let i = 0; i + 1 < grid.length; i++)
      for (let j = 0; j + 1 < grid.length; j++)
        facets.push({ at: [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], away: project([grid[i] + grid[i + 1], grid[j] + grid[j + 1], 0], turn, tilt)[2] });
    facets.sort((one, other) => other.away - one.away);
    for (const { at } of facets) {
      context.beginPath();
      for (const [i, j] of at) context.lineTo(...places[i][j]);
      context.closePath();
      const share = at.reduce((sum, [i, j]) => sum + shares[i][j], 0) / 4;
      Object.assign(context, { globalAlpha: 1, fillStyle: paper });
      context.fill();
      Object.assign(context, { globalAlpha: 0.95 - 0.8 * share, fillStyle: hue });
      context.fill();
      Object.assign(context, { globalAlpha: 0.3, strokeStyle: ink, lineWidth: 0.5 });
      context.stroke();
    }

    const [i, j] = chosen;
    line([point(grid[i], grid[j], 0), point(grid[i], grid[j], 1)], 0.8);
    context.beginPath();
    context.arc(...places[i][j], 5, 0, 2 * Math.PI);
    Object.assign(context, { globalAlpha: 1, strokeStyle: paper, lineWidth: 2 });
    context.stroke();
    for (context.fillStyle of [paper, ink]) context.fill(); // ink lets some of what is under it through
  }

  /** The corner next to a place, of the facet that is seen there. */
  function under({ offsetX, offsetY }) {
    const inside = ({ at }) => {
      const signs = at.map(([i, j], k) => {
        const [[ax, ay], [bx, by]] = [places[i][j], places[at[(k + 1) % 4][0]][at[(k + 1) % 4][1]]];
        return (bx - ax) * (offsetY - ay) - (by - ay) * (offsetX - ax);
      });
      return signs.every((sign) => sign >= 0) || signs.every((sign) => sign <= 0);
    };
    const distance = ([i, j]) => Math.hypot(places[i][j][0] - offsetX, places[i][j][1] - offsetY);
    return facets.findLast(inside)?.at.toSorted((one, other) => distance(one) - distance(other))[0];
  }

  const pick = (event) => {
    const found = under(event);
    if (found) on.picked(found);
  };
  let [from, moved] = [null, false];
  canvas.addEventListener("pointerdown", (event) => {
    [from, moved] = [[event.clientX, event.clientY], false];
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return event.pointerType === "mouse" && pick(event);
    const [right, down] = [event.clientX - from[0], event.clientY - from[1]];
    if (!moved && Math.hypot(right, down) < 4) return;
    [from, moved] = [[event.clientX, event.clientY], true];
    on.turned(right, -down);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (from && !moved) pick(event);
    if (from) on.released();
    from = null;
  });
  canvas.addEventListener("pointercancel", () => (from = null));

  new ResizeObserver(() => draw()).observe(canvas);
  new MutationObserver(() => draw()).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  return { canvas, draw };
}
