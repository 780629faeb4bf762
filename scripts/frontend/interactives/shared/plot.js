// Lines, dots and bars over two axes, as SVG that follows the theme: classes say what is plain, residual or theory.
import { element } from "./controls.js";
import { power_of_ten } from "./numerals.js";

const MARGIN = { top: 14, right: 16, bottom: 44, left: 58 };

/** Round numbers in [low, high], about `count` of them. */
export function linear_ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}


/** The axis of {domain: [low, high], log, whole}: where a number stands between 0 and 1, and its ticks with their texts. */
function axis({ domain, log = false, whole = false }, count) {
  if (!log) {
    const [low, high] = domain;
    const ticks = linear_ticks(low, high, whole ? Math.min(count, high - low) : count);
    return { at: (number) => (number - low) / (high - low), ticks: ticks.map((tick) => [tick, String(tick).replace("-", "−")]) };
  }
  const low = Math.floor(Math.log10(domain[0]) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(domain[1]) - 1e-9));
  const exponents = linear_ticks(low, high, Math.min(count, high - low));
  const ticks = exponents.map((exponent) => [10 ** exponent, exponent === 0 ? "1" : power_of_ten(exponent)]);
  return { at: (number) => (Math.log10(number) - low) / (high - low), ticks };
}

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const sample = (kind, className) =>
  `<svg width="34" height="10">${kind === "line" ? `<path class="${className}" d="M0 5H28"/>` : `<rect class="${className}" width="12" height="10" x="8"/>`}</svg>`;

/**
 * A view and draw({label, x, y, marks}), which replaces what it shows.
 *
 * `label` says what is seen; x and y are axes as above, with a label; a mark is {kind: "line" | "dots" | "bars" |
 * "band", className, points: [[x, y], …]}, where a band's points run around it, and a `legend` where it needs one.
 * What has no place on a logarithmic axis is left out.
 */
export function plot(height = 280) {
  const legend = element("p", { className: "plot__legend", "aria-hidden": "true" });
  const canvas = element("div", { className: "plot__canvas" });
  canvas.style.height = `${height}px`; // so that what follows does not move when the drawing comes
  let shown = null;

  function draw(spec = shown) {
    shown = spec;
    const named = (spec?.marks ?? []).filter((mark) => mark.legend);
    legend.innerHTML = named.map(({ kind, className, legend }) => `<span>${sample(kind, className)}${escaped(legend)}</span>`).join("");
    const width = canvas.clientWidth;
    if (!spec || !width) return;
    const [inner, tall] = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
    const x = axis(spec.x, Math.max(3, Math.min(10, Math.floor(inner / 55))));
    const y = axis(spec.y, 6);
    const place = ([a, b]) => [MARGIN.left + x.at(a) * inner, MARGIN.top + (1 - y.at(b)) * tall].map((pixels) => Math.round(pixels * 10) / 10);
    const bar = Math.max(1, Math.min(14, (0.8 * inner) / (spec.x.domain[1] - spec.x.domain[0])));
    const [left, bottom] = [MARGIN.left, MARGIN.top + tall];
    const parts = x.ticks.map(([tick, text]) => `<text x="${place([tick, 1])[0]}" y="${bottom + 17}" text-anchor="middle">${text}</text>`);
    for (const [tick, text] of y.ticks) {
      const level = place([spec.x.domain[0], tick])[1];
      parts.push(`<path class="grid" d="M${left} ${level}H${left + inner}"/><text x="${left - 7}" y="${level + 4}" text-anchor="end">${text}</text>`);
    }
    parts.push(`<text class="axis" x="${left + inner / 2}" y="${height - 6}" text-anchor="middle">${escaped(spec.x.label)}</text>`);
    parts.push(`<text class="axis" x="${-(MARGIN.top + tall / 2)}" y="13" transform="rotate(-90)" text-anchor="middle">${escaped(spec.y.label)}</text>`);
    parts.push(`<path class="frame" d="M${left} ${MARGIN.top}V${bottom}H${left + inner}"/>`);
    for (const mark of spec.marks) {
      const [points, name] = [mark.points.map(place).filter((pixels) => pixels.every(Number.isFinite)), `class="${mark.kind} ${mark.className}"`];
      if ((mark.kind === "line" || mark.kind === "band") && points.length) parts.push(`<path ${name} d="M${points.join("L")}"/>`);
      if (mark.kind === "dots") parts.push(...points.map(([a, b]) => `<circle ${name} cx="${a}" cy="${b}" r="3"/>`));
      if (mark.kind === "bars") parts.push(...points.map(([a, b]) => `<rect ${name} x="${a - bar / 2}" y="${b}" width="${bar}" height="${Math.max(0, bottom - b)}"/>`));
    }
    canvas.innerHTML = `<svg role="img" aria-label="${escaped(spec.label)}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${parts.join("")}</svg>`;
  }

  new ResizeObserver(() => draw()).observe(canvas);
  return { view: element("div", { className: "plot" }, legend, canvas), draw };
}
