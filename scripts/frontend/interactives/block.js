// A stack of equal blocks with one unit each: the gain ∏(1 + J), and the paths that it is a sum of.
import { element, enliven, range } from "./shared/controls.js";
import { share_of_bound, share_of_paths, stack_jacobian, sums_by_length } from "./shared/formulas.js";
import { numeral } from "./shared/numerals.js";
import { plot } from "./shared/plot.js";

const WORDS = {
  ja: {
    title: "ブロックの積と経路の和を動かしてみる",
    note: "1 ユニットのブロック L 個。どのブロックの枝も傾きは同じ J。",
    J: "枝の傾き J",
    L: "ブロック数 L",
    blocks: "ブロック数 l",
    gain: "勾配の倍率の大きさ",
    residual: "|(1 + J)ˡ|(ショートカットあり)",
    plain: "|Jˡ|(なし)",
    length: "経路の長さ k(通る枝の数)",
    share: "大きさの割合",
    positive: "正の項",
    negative: "負の項",
    number: "経路の数",
    head: ["k", "C(L, k) Jᵏ", "大きさの割合", "経路の数の割合"],
    fate: { zero: "最初のブロックで 0 になります", below: "|1 + J| < 1 なので、L とともに消えます", one: "|1 + J| = 1 なので、大きさが保たれます", above: "|1 + J| > 1 なので、L とともに爆発します" },
    says: (gain, fate, sizes, mean) =>
      `(1 + J)ᴸ = ${gain}。${fate}。これは全経路の和です。項の大きさだけを足すと (1 + |J|)ᴸ = ${sizes} で、大きさで重みづけした経路の長さの平均は ${mean} です。`,
  },
  en: {
    title: "Try it: a product of blocks is a sum of paths",
    note: "L blocks of one unit. Every branch has the same slope J.",
    J: "slope of a branch J",
    L: "blocks L",
    blocks: "blocks l",
    gain: "size of the gradient's gain",
    residual: "|(1 + J)ˡ| (with shortcuts)",
    plain: "|Jˡ| (without)",
    length: "path length k (branches taken)",
    share: "share of sizes",
    positive: "positive terms",
    negative: "negative terms",
    number: "number of paths",
    head: ["k", "C(L, k) Jᵏ", "share of sizes", "share of paths"],
    fate: { zero: "it is 0 after the first block", below: "|1 + J| < 1: it vanishes as L grows", one: "|1 + J| = 1: its size holds", above: "|1 + J| > 1: it explodes as L grows" },
    says: (gain, fate, sizes, mean) =>
      `(1 + J)ᴸ = ${gain}; ${fate}. It is the sum of all paths. Their sizes alone add up to (1 + |J|)ᴸ = ${sizes}; weighted by size, a path takes ${mean} branches on average.`,
  },
};

const fate = (factor) => (factor === 0 ? "zero" : factor < 1 ? "below" : factor === 1 ? "one" : "above");

enliven("block", (language) => {
  const words = WORDS[language];
  const [gains, paths] = [plot(230), plot(230)];

  function update({ J, L }) {
    const stack = Array.from({ length: L }, () => J);
    const gain = stack_jacobian(stack);
    const curve = (shortcut) => Array.from({ length: L + 1 }, (_, l) => [l, Math.abs(stack_jacobian(stack.slice(0, l), shortcut))]);
    const [residual, plain] = [curve(1), curve(0)];
    const terms = sums_by_length(stack, 1);
    const shares = terms.map((_, k) => [k, share_of_bound(L, k, Math.abs(J))]);
    const numbers = terms.map((_, k) => [k, share_of_paths(L, k)]);
    const mean = shares.reduce((sum, [k, share]) => sum + k * share, 0);
    const sizes = stack_jacobian(stack.map(Math.abs));
    const says = words.says(numeral(gain), words.fate[fate(Math.abs(1 + J))], numeral(sizes), numeral(mean));
    const positive = residual.concat(plain).map(([, size]) => size).filter((size) => size > 0);
    gains.draw({
      label: `${words.gain}: ${says}`,
      x: { label: words.blocks, domain: [0, L], whole: true },
      y: { label: words.gain, domain: [Math.min(...positive), Math.max(...positive)], log: true },
      marks: [
        { kind: "line", className: "plain", points: plain, legend: words.plain },
        { kind: "line", className: "residual", points: residual, legend: words.residual },
        { kind: "dots", className: "residual", points: [residual.findLast(([, size]) => size > 0)] },
      ],
    });
    paths.draw({
      label: `${words.share}: ${says}`,
      x: { label: words.length, domain: [0, L], whole: true },
      y: { label: words.share, domain: [0, Math.max(...shares.concat(numbers).map(([, share]) => share))] },
      marks: [
        { kind: "bars", className: "residual", points: shares.filter((_, k) => terms[k] >= 0), legend: words.positive },
        { kind: "bars", className: "other", points: shares.filter((_, k) => terms[k] < 0), legend: words.negative },
        { kind: "line", className: "theory", points: numbers, legend: words.number },
      ],
    });
    const rows = terms.map((term, k) => [String(k), numeral(term), numeral(shares[k][1]), numeral(numbers[k][1])]);
    return { note: words.note, says, head: words.head, rows };
  }

  const controls = [
    range("J", words.J, { min: -2, max: 2, step: 0.05, value: 0.1, text: (J) => J.toFixed(2).replace("-", "−") }),
    range("L", words.L, { min: 1, max: 100, value: 50 }),
  ];
  return { title: words.title, controls, view: element("div", {}, gains.view, paths.view), update };
});
