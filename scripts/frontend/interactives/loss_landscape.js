// The loss on planes through trained nets, plain and residual, in three dimensions.
import { grid, losses, modes } from "./data/loss_landscape.json";
import { choice, element, enliven, range } from "./shared/controls.js";
import { numeral, power_of_ten } from "./shared/numerals.js";
import { surface } from "./shared/surface.js";

const KINDS = ["plain", "residual"];
const [LOW, HIGH] = [-3, 1]; // the powers of ten of the figure above, which every plane shares

const WORDS = {
  ja: {
    title: "損失地形を回してみる",
    note: `高さは損失の対数で、どちらの面も 10⁻³ から 10 まで(それより上は平らに切る)。図をドラッグするか、スライダーを動かすと、二つとも回ります。点を指すと、その損失を示します。`,
    mode: "BN の統計",
    train: "計算し直す",
    eval: "固定",
    seed: "シード(ネットと平面)",
    turn: "回転角",
    tilt: "見下ろす角度",
    alpha: "点の α",
    beta: "点の β",
    plain: "プレーン",
    residual: "残差",
    says: (alpha, beta, [plain, residual]) => `α = ${alpha}、β = ${beta} での損失は、プレーン ${plain}、残差 ${residual} です。`,
    label: (kind, least, most) => `${kind}ネットの損失の曲面。最小 ${least}、最大 ${most}。`,
    head: (beta) => [`α(β = ${beta})`, "プレーンの損失", "残差の損失"],
  },
  en: {
    title: "Try it: turn the loss landscape",
    note: "Heights are logarithms of the loss, on both surfaces from 10⁻³ to 10 (cut off flat above). Drag a surface or move the sliders, and both turn. Point at a place for its loss.",
    mode: "BN's statistics",
    train: "recomputed",
    eval: "fixed",
    seed: "seed (nets and planes)",
    turn: "turn",
    tilt: "tilt",
    alpha: "the point's α",
    beta: "the point's β",
    plain: "plain",
    residual: "residual",
    says: (alpha, beta, [plain, residual]) => `The loss at α = ${alpha}, β = ${beta}: plain ${plain}, residual ${residual}.`,
    label: (kind, least, most) => `The surface of the ${kind} net's loss, from ${least} to ${most}.`,
    head: (beta) => [`α (β = ${beta})`, "loss, plain", "loss, residual"],
  },
};

const share = (loss) => Math.min(1, Math.max(0, (Math.log10(loss) - LOW) / (HIGH - LOW)));
const TICKS = Array.from({ length: HIGH - LOW + 1 }, (_, k) => [k / (HIGH - LOW), k === -LOW ? "1" : power_of_ten(LOW + k)]);

enliven("loss_landscape", (language) => {
  const words = WORDS[language];
  const coordinate = (k) => (grid[k] === 0 ? "0" : grid[k].toFixed(2).replace("-", "−"));
  const degrees = (number) => `${number}°`.replace("-", "−");
  const middle = (grid.length - 1) / 2;
  const place = (key) => range(key, words[key], { min: 0, max: grid.length - 1, value: middle, text: coordinate });
  const [mode, seed, turn, tilt, alpha, beta] = [
    choice("mode", words.mode, modes.map((mode) => [mode, words[mode]]), modes[0]),
    range("seed", words.seed, { min: 0, max: losses[modes[0]].plain.length - 1, value: 0 }),
    range("turn", words.turn, { min: -180, max: 180, step: 5, value: 30, text: degrees }),
    range("tilt", words.tilt, { min: 10, max: 90, step: 5, value: 35, text: degrees }),
    place("alpha"),
    place("beta"),
  ];

  const input = (control) => control.part.querySelector("input");
  const tell = (kind) => input(turn).dispatchEvent(new Event(kind, { bubbles: true }));
  let rest = [0, 0]; // what was dragged and is less than a slider's step
  const on = {
    turned(right, up) {
      rest = [rest[0] - right / 2, rest[1] - up / 2];
      const [steps, rises] = rest.map((degrees) => 5 * Math.trunc(degrees / 5));
      rest = [rest[0] - steps, rest[1] - rises];
      if (!steps && !rises) return;
      input(turn).value = ((turn.get() + steps + 540) % 360) - 180;
      input(tilt).value = tilt.get() + rises;
      tell("input");
    },
    picked([i, j]) {
      if (alpha.get() === i && beta.get() === j) return;
      [input(alpha).value, input(beta).value] = [i, j];
      tell("input");
    },
    released: () => tell("change"),
  };
  const views = KINDS.map(() => surface(250, on));

  function update(settings) {
    const [i, j] = [settings.alpha, settings.beta];
    const surfaces = KINDS.map((kind) => losses[settings.mode][kind][settings.seed]);
    surfaces.forEach((E, k) => {
      const label = words.label(words[KINDS[k]], numeral(Math.min(...E.flat())), numeral(Math.max(...E.flat())));
      const shares = E.map((row) => row.map(share));
      views[k].draw({ label, color: `--${KINDS[k]}`, grid, shares, turn: settings.turn, tilt: settings.tilt, chosen: [i, j], ticks: TICKS });
    });
    const says = words.says(coordinate(i), coordinate(j), surfaces.map((E) => numeral(E[i][j])));
    const rows = grid.map((_, row) => [coordinate(row), ...surfaces.map((E) => numeral(E[row][j]))]);
    return { note: words.note, says, head: words.head(coordinate(j)), rows };
  }

  const panel = (kind, k) => element("div", { className: `surfaces__${kind}` }, element("p", { "aria-hidden": "true" }, words[kind]), views[k].canvas);
  return { title: words.title, controls: [mode, seed, turn, tilt, alpha, beta], view: element("div", { className: "surfaces" }, ...KINDS.map(panel)), update };
});
