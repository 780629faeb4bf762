// Training losses by epoch from the records, of the learning rate, kinds, depths and seeds that a reader picks.
import { depths, loss, rate as USUAL } from "./data/degradation.json";
import { choice, enliven, several } from "./shared/controls.js";
import { geometric_mean } from "./shared/formulas.js";
import { numeral } from "./shared/numerals.js";
import { plot } from "./shared/plot.js";

const KINDS = ["plain", "residual"];
const RATES = Object.keys(loss);
const SEEDS = loss[USUAL].plain[depths[0]].map((_, seed) => String(seed));

const WORDS = {
  ja: {
    title: "深さごとの訓練損失を選んで比べる",
    note: "線は選んだシードの幾何平均、帯は最小から最大まで。選べないものは、その学習率では訓練していません。",
    rate: "学習率",
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
    at: (rate) => `学習率 ${rate} では、`,
    untrained: "選んだ組み合わせはどれも訓練していません。",
    says: (finals, seeds) => `最後のエポックの訓練損失(シード ${seeds} 個)は、${finals.map(([name, mean]) => `${name} ${mean}`).join("、")} です。`,
    diverged: (count) => `選んだうち ${count} 回の訓練は発散しました。`,
  },
  en: {
    title: "Pick and compare: training loss by depth",
    note: "Geometric means over the seeds picked, bands from the smallest to the largest. What cannot be picked was not trained at this rate.",
    rate: "learning rate",
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
    at: (rate) => `Learning rate ${rate}.`,
    untrained: " None of the combinations picked was trained at this rate.",
    says: (finals, seeds) => ` Training loss of the last epoch (seeds: ${seeds}): ${finals.map(([name, mean]) => `${name}: ${mean}`).join("; ")}.`,
    diverged: (count) => ` ${count} of the trainings picked diverged.`,
  },
};

enliven("degradation", (language) => {
  const words = WORDS[language];
  const { view, draw } = plot(300);
  const epochs = loss[USUAL].plain[depths[0]].find(Boolean).length;

  const labelled = (options) => options.map((option) => [String(option), words[option] ?? String(option)]);
  const rate = choice("rate", words.rate, labelled(RATES), USUAL);
  const trained = (depth) => KINDS.map((kind) => loss[rate.get()][kind][depth] ?? []);
  const picks = [
    several("kinds", words.kinds, labelled(KINDS), KINDS),
    several("depths", words.depths, labelled(depths), ["20", "56"], (depth) => trained(depth).some((runs) => runs.length)),
    several("seeds", words.seeds, labelled(SEEDS), SEEDS, (seed) => depths.flatMap(trained).some((runs) => seed in runs)),
  ];

  function update(picked) {
    const curves = [];
    let diverged = 0;
    for (const kind of picked.kinds)
      for (const depth of picked.depths) {
        const runs = picked.seeds.map((seed) => loss[picked.rate][kind][depth]?.[seed]);
        const finished = runs.filter(Boolean);
        diverged += runs.filter((run) => run === null).length;
        if (!finished.length) continue;
        const across = (summary) => Array.from({ length: epochs }, (_, epoch) => [epoch + 1, summary(finished.map((run) => run[epoch]))]);
        const [mean, low, high] = [across(geometric_mean), across((run) => Math.min(...run)), across((run) => Math.max(...run))];
        curves.push({ kind, depth, name: words.curve(words[kind], depth), mean, low, high });
      }
    const numbers = curves.flatMap(({ low, high }) => low.concat(high)).map(([, size]) => size);
    const finals = curves.map(({ name, mean, low, high }) => [name, ...[mean, low, high].map((line) => numeral(line.at(-1)[1]))]);
    const found = (curves.length ? words.says(finals, picked.seeds.length) : "") + (diverged ? words.diverged(diverged) : "");
    // What is written holds picks that this rate has nothing for, too.
    const says = picks.every((control) => control.write()) ? words.at(picked.rate) + (found || words.untrained) : words.none;
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

  return { title: words.title, controls: [rate, ...picks], view, update };
});
