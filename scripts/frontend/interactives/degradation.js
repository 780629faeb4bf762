// Training losses by epoch from the record, of the kinds, depths and seeds that a reader picks.
import { depths, loss } from "./data/degradation.json";
import { enliven, several } from "./shared/controls.js";
import { geometric_mean } from "./shared/formulas.js";
import { numeral } from "./shared/numerals.js";
import { plot } from "./shared/plot.js";

const KINDS = ["plain", "residual"];
const SEEDS = loss.plain[depths[0]].map((_, seed) => String(seed));

const WORDS = {
  ja: {
    title: "深さごとの訓練損失を選んで比べる",
    note: "線は選んだシードの幾何平均、帯は最小から最大まで。",
    kinds: "ネット",
    plain: "プレーン",
    residual: "残差",
    depths: "層の数",
    seeds: "シード",
    curve: (kind, depth) => `${kind} ${depth} 層`,
    epoch: "エポック",
    loss: "訓練損失",
    head: ["ネット", "最後の損失", "最小", "最大"],
    none: "ネット、層の数、シードをそれぞれ一つ以上選んでください。",
    says: (finals) => `最後のエポックの訓練損失は、${finals.map(([name, mean]) => `${name} ${mean}`).join("、")} です。`,
    diverged: (count) => `選んだうち ${count} 回の訓練は発散しました。`,
  },
  en: {
    title: "Pick and compare: training loss by depth",
    note: "Geometric means over the seeds picked, bands from the smallest to the largest.",
    kinds: "nets",
    plain: "plain",
    residual: "residual",
    depths: "layers",
    seeds: "seeds",
    curve: (kind, depth) => `${kind}, ${depth} layers`,
    epoch: "epoch",
    loss: "training loss",
    head: ["net", "final loss", "smallest", "largest"],
    none: "Pick at least one net, one depth and one seed.",
    says: (finals) => `Training loss of the last epoch: ${finals.map(([name, mean]) => `${name}: ${mean}`).join("; ")}.`,
    diverged: (count) => ` ${count} of the trainings picked diverged.`,
  },
};

enliven("degradation", (language) => {
  const words = WORDS[language];
  const { view, draw } = plot(300);
  const epochs = loss.plain[depths[0]].find(Boolean).length;

  function update(picked) {
    const curves = [];
    let diverged = 0;
    for (const kind of picked.kinds)
      for (const depth of picked.depths) {
        const runs = picked.seeds.map((seed) => loss[kind][depth][seed]);
        const finished = runs.filter(Boolean);
        diverged += runs.length - finished.length;
        if (!finished.length) continue;
        const across = (summary) => Array.from({ length: epochs }, (_, epoch) => [epoch + 1, summary(finished.map((run) => run[epoch]))]);
        const [mean, low, high] = [across(geometric_mean), across((run) => Math.min(...run)), across((run) => Math.max(...run))];
        curves.push({ kind, depth, name: words.curve(words[kind], depth), mean, low, high });
      }
    const numbers = curves.flatMap(({ low, high }) => low.concat(high)).map(([, size]) => size);
    const finals = curves.map(({ name, mean, low, high }) => [name, ...[mean, low, high].map((line) => numeral(line.at(-1)[1]))]);
    const says = (curves.length ? words.says(finals) : words.none) + (diverged ? words.diverged(diverged) : "");
    draw({
      label: says,
      x: { label: words.epoch, domain: [1, epochs], whole: true },
      y: { label: words.loss, domain: curves.length ? [Math.min(...numbers), Math.max(...numbers)] : [0.001, 1], log: true },
      marks: curves.flatMap(({ kind, depth, name, mean, low, high }) => [
        { kind: "band", className: kind, points: [...high, ...low.toReversed()] },
        { kind: "line", className: `${kind} depth-${depth}`, points: mean, legend: `${words[kind]} ${depth}` },
      ]),
    });
    return { note: words.note, says, head: words.head, rows: finals };
  }

  const labelled = (options) => options.map((option) => [String(option), words[option] ?? String(option)]);
  const controls = [
    several("kinds", words.kinds, labelled(KINDS), KINDS),
    several("depths", words.depths, labelled(depths), ["20", "56"]),
    several("seeds", words.seeds, labelled(SEEDS), SEEDS),
  ];
  return { title: words.title, controls, view, update };
});
