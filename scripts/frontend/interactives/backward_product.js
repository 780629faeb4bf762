// The gradient at every layer of a net with random weights, against powers of a quarter.
import { choice, enliven, range, toggle } from "./shared/controls.js";
import { backward_product, layers, normal } from "./shared/formulas.js";
import { numeral } from "./shared/numerals.js";
import { plot } from "./shared/plot.js";

const [WIDTH, BATCH, DEEPEST, SEED] = [32, 8, 100, 0];

const WORDS = {
  ja: {
    title: "各層に届く勾配を動かしてみる",
    depth: "層の数 n",
    activation: "活性化関数",
    sigmoid: "シグモイド",
    scale: "重みの標準偏差",
    shortcut: "ショートカット",
    layer: "層 l(左が入力側)",
    norm: "勾配のノルム(最後の層との比)",
    theory: "(1/4)ⁿ⁻ˡ",
    ratio: "最後の層との比",
    kind: { plain: "プレーン網", residual: "残差網" },
    says: (n, first, factor, quarter) =>
      `第 1 層の勾配は第 ${n} 層の ${first} 倍で、1 層あたり ${factor} 倍です。破線 (1/4)ⁿ⁻ˡ は第 1 層で ${quarter} です。`,
    note: (formula) => `${formula}。幅 N = ${WIDTH}、入力 ${BATCH} 個、乱数の重み 1 通り。`,
  },
  en: {
    title: "Try it: the gradient at every layer",
    depth: "layers n",
    activation: "activation",
    sigmoid: "sigmoid",
    scale: "deviation of weights",
    shortcut: "shortcut",
    layer: "layer l (input side on the left)",
    norm: "gradient norm, relative to the last layer",
    theory: "(1/4)ⁿ⁻ˡ",
    ratio: "relative to the last layer",
    kind: { plain: "plain net", residual: "residual net" },
    says: (n, first, factor, quarter) =>
      `The gradient at layer 1 is ${first} times that at layer ${n}: a factor of ${factor} a layer. The dashed line (1/4)ⁿ⁻ˡ has ${quarter} at layer 1.`,
    note: (formula) => `${formula}. Width N = ${WIDTH}, ${BATCH} inputs, one draw of random weights.`,
  },
};

const RULES = { 0: "Xavier", 0.5: "He", 2.5: "N(0, 1)" };

enliven("backward_product", (language) => {
  const words = WORDS[language];
  const { view, draw } = plot();
  const size = WIDTH * BATCH;
  const draws = normal(SEED, 2 * size + DEEPEST * WIDTH ** 2);
  const [x, gradient] = [draws.subarray(0, size), draws.subarray(size, 2 * size)];

  function update({ depth: n, activation, scale, shortcut }) {
    const deviation = 2 ** scale / Math.sqrt(WIDTH);
    const weights = Array.from({ length: n }, (_, l) =>
      draws.subarray(2 * size + l * WIDTH ** 2, 2 * size + (l + 1) * WIDTH ** 2).map((w) => deviation * w),
    );
    const s = shortcut ? 1 : 0;
    const norms = backward_product(layers(x, weights, activation, s), weights, gradient, activation, s);
    const points = norms.map((norm, i) => [i + 1, norm / norms.at(-1)]);
    const theory = points.map(([l]) => [l, 0.25 ** (n - l)]);
    const phi = { sigmoid: "σ", tanh: "tanh", relu: "ReLU" }[activation];
    const note = words.note(`aₗ = ${shortcut ? "aₗ₋₁ + " : ""}${phi}(Wₗ aₗ₋₁)`);
    const [first, quarter] = [points[0][1], theory[0][1]];
    const says = words.says(n, numeral(first), numeral(first ** (1 / (n - 1))), numeral(quarter));
    const kind = shortcut ? "residual" : "plain";
    const sizes = points.concat(theory).map(([, size]) => size).filter((size) => size > 0);
    draw({
      label: says,
      x: { label: words.layer, domain: [1, n], whole: true },
      y: { label: words.norm, domain: [Math.min(...sizes), Math.max(...sizes)], log: true },
      marks: [
        { kind: "line", className: "theory", points: theory, legend: words.theory },
        { kind: "line", className: kind, points, legend: words.kind[kind] },
        ...(n <= 40 ? [{ kind: "dots", className: kind, points }] : []),
      ],
    });
    const rows = points.map(([l, ratio], i) => [String(l), numeral(ratio), numeral(theory[i][1])]);
    return { note, says, head: [words.layer, words.ratio, words.theory], rows };
  }

  const controls = [
    range("depth", words.depth, { min: 2, max: DEEPEST, value: 30 }),
    choice("activation", words.activation, [["sigmoid", words.sigmoid], ["tanh", "tanh"], ["relu", "ReLU"]], "sigmoid"),
    range("scale", words.scale, {
      min: -2,
      max: 3,
      step: 0.25,
      value: 0,
      text: (scale) => `${numeral(2 ** scale)} / √N${RULES[scale] ? ` (${RULES[scale]})` : ""}`,
    }),
    toggle("shortcut", words.shortcut),
  ];
  return { title: words.title, controls, view, update };
});
