// Lines, dots and bars over two axes, as SVG that follows the theme: classes say what is plain, residual or theory.
import { element } from "./controls.js";
import { power_of_ten } from "./numerals.js";

const HEIGHT = 280;
const MARGIN = { top: 14, right: 16, bottom: 44, left: 58 };

/** Round numbers in [low, high], about `count` of them. */
export function linear_ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Whole exponents between those of low and high, about `count` of them. */
export function log_ticks(low, high, count) {
  const [first, last] = [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(high) - 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / count));
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step);
}

/** The axis of {label, domain: [low, high], log, text}: where a number stands between 0 and 1, and its ticks. */
function axis({ domain, log = false, text = String }, count) {
  if (!log) {
    const [low, high] = domain;
    const ticks = linear_ticks(low, high, count).map((tick) => [tick, text(tick)]);
    return { at: (number) => (number - low) / (high - low), ticks };
  }
  const [low, high] = [Math.floor(Math.log10(domain[0]) + 1e-9), Math.ceil(Math.log10(domain[1]) - 1e-9)];
  const ticks = log_ticks(...domain, count).map((exponent) => [10 ** exponent, exponent === 0 ? "1" : power_of_ten(exponent)]);
  return { at: (number) => (Math.log10(number) - low) / Math.max(high - low, 1), ticks };
}

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/**
 * A view and draw({label, x, y, marks}), which replaces what it shows.
 *
 * `label` says what is seen; x and y are axes as above; a mark is {kind: "line" | "dots" | "bars" | "text", className,
 * points: [[x, y], …]}, with `text` and `anchor` for a text. What has no place on a logarithmic axis is left out.
 */
export function plot() {
  const view = element("div", { className: "plot" });
  let shown = null;

  function draw(spec = shown) {
    shown = spec;
    const width = view.clientWidth;
    if (!spec || !width) return;
    const [inner, tall] = [width - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
    const x = axis(spec.x, Math.max(3, Math.min(10, Math.floor(inner / 55))));
    const y = axis(spec.y, 6);
    const place = ([a, b]) => [MARGIN.left + x.at(a) * inner, MARGIN.top + (1 - y.at(b)) * tall].map((pixels) => Math.round(pixels * 10) / 10);
    const bar = Math.max(1, Math.min(14, (0.8 * inner) / (spec.x.domain[1] - spec.x.domain[0])));
    const [left, bottom] = [MARGIN.left, MARGIN.top + tall];
    const parts = x.ticks.map(([tick, text]) => `<text x="${place([tick, 1])[0]}" y="${bottom + 17}" text-anchor="middle">${text}</text>`);
    for (const [tick, text] of y.ticks) {
      const height = place([spec.x.domain[0], tick])[1];
      parts.push(`<path class="grid" d="M${left} ${height}H${left + inner}"/><text x="${left - 7}" y="${height + 4}" text-anchor="end">${text}</text>`);
    }
    parts.push(`<text class="axis" x="${left + inner / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escaped(spec.x.label)}</text>`);
    parts.push(`<text class="axis" x="${-(MARGIN.top + tall / 2)}" y="13" transform="rotate(-90)" text-anchor="middle">${escaped(spec.y.label)}</text>`);
    parts.push(`<path class="frame" d="M${left} ${MARGIN.top}V${bottom}H${left + inner}"/>`);
    for (const mark of spec.marks) {
      const points = mark.points.map(place).filter((pixels) => pixels.every(Number.isFinite));
      const [name, dots] = [`class="${mark.kind} ${mark.className ?? ""}"`, points.map(([a, b]) => `${a} ${b}`)];
      if (mark.kind === "line" && points.length) parts.push(`<path ${name} d="M${dots.join("L")}"/>`);
      if (mark.kind === "dots") parts.push(...points.map(([a, b]) => `<circle ${name} cx="${a}" cy="${b}" r="3"/>`));
      if (mark.kind === "bars") parts.push(...points.map(([a, b]) => `<rect ${name} x="${a - bar / 2}" y="${b}" width="${bar}" height="${Math.max(0, bottom - b)}"/>`));
      if (mark.kind === "text") parts.push(...points.map(([a, b]) => `<text ${name} x="${a}" y="${b}" text-anchor="${mark.anchor ?? "start"}">${escaped(mark.text)}</text>`));
    }
    view.innerHTML = `<svg role="img" aria-label="${escaped(spec.label)}" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}">${parts.join("")}</svg>`;
  }

  new ResizeObserver(() => draw()).observe(view);
  return { view, draw };
}
