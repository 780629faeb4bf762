// A small net trained in the page, plain and residual, at the depth that a reader picks.
// This script is the worker's too: what a page loads already, its worker need not download again.
import settings from "./data/spirals.json";
import { choice, element, enliven, range, several } from "./shared/controls.js";
import { numeral } from "./shared/numerals.js";
import { plot } from "./shared/plot.js";
import { net, spirals, step } from "./shared/training.js";

const { count: COUNT, width: WIDTH, updates: STEPS, momentum: MOMENTUM, learning_rate: RATE, depths: DEPTHS, seeds: SEEDS } = settings;
const DEEPEST = Math.max(...DEPTHS);
const KINDS = ["plain", "residual"];

const WORDS = {
  ja: {
    title: "ここで訓練してみる",
    note: `2 本のらせんを見分ける全結合の ReLU ネット。点は ${COUNT} 個、幅 ${WIDTH}。重みは He の初期化から、全点を使って ${STEPS} 回更新します(SGD、モメンタム ${MOMENTUM})。残差ネットの枝は 1/√L 倍(L は層の数)、初期の重みはプレーンネットと同じです。`,
    kinds: "ネット",
    plain: "プレーン",
    residual: "残差",
    depth: "層の数",
    seed: "シード",
    rate: "学習率",
    start: "訓練する",
    pause: "止める",
    resume: "続ける",
    reset: "消す",
    step: "更新の回数",
    loss: "訓練損失",
    final: `${STEPS} 回後の訓練損失`,
    chance: "log 2(どちらも確率 ½)",
    now: (steps, losses) => `${steps} / ${STEPS} 回${losses.map(([kind, loss]) => `、${kind} ${loss}`).join("")}`,
    ready: (depth) => `「訓練する」を押すと、このページの中で ${depth} 層のネットの訓練が始まります。層の数を変えてくり返すと、下の図に点が増えます。`,
    running: "訓練しています。",
    says: (steps, depth, found) =>
      `${steps} 回の更新の後、${depth} 層の訓練損失は、${found.map(([kind, loss, errors]) => `${kind} ${loss}(${COUNT} 点のうち ${errors} 点が誤り)`).join("、")} です。`,
    diverged: "発散",
    none: "ネットを一つ以上選んでください。",
    head: ["ネット", "層の数", "シード", "学習率", `${STEPS} 回後の訓練損失`, "誤り"],
  },
  en: {
    title: "Try it: train a net here",
    note: `A fully connected ReLU net tells two spirals apart: ${COUNT} points, width ${WIDTH}. From He's initialisation, ${STEPS} updates by all points (SGD, momentum ${MOMENTUM}). A residual net's branches count 1/√layers times; its initial weights are the plain net's.`,
    kinds: "nets",
    plain: "plain",
    residual: "residual",
    depth: "layers",
    seed: "seed",
    rate: "learning rate",
    start: "Train",
    pause: "Pause",
    resume: "Go on",
    reset: "Clear",
    step: "updates",
    loss: "training loss",
    final: `training loss after ${STEPS} updates`,
    chance: "log 2 (a probability of ½ for each)",
    now: (steps, losses) => `${steps} of ${STEPS}${losses.map(([kind, loss]) => `; ${kind} ${loss}`).join("")}`,
    ready: (depth) => `Press Train, and nets of ${depth} layers are trained in this page. Repeat at other depths, and the lower figure gains points.`,
    running: "Training.",
    says: (steps, depth, found) =>
      `After ${steps} updates, the training loss at ${depth} layers: ${found.map(([kind, loss, errors]) => `${kind} ${loss} (${errors} of ${COUNT} points wrong)`).join("; ")}.`,
    diverged: "diverged",
    none: "Pick at least one net.",
    head: ["net", "layers", "seed", "learning rate", `training loss after ${STEPS} updates`, "errors"],
  },
};

let nets;

/** Train for some milliseconds. `begin`: {kinds, depth, seed} of new nets, the seed by its place in the record. Returns [{loss, errors} by net] for every update. */
function train({ begin, rate, milliseconds, most }) {
  if (begin) nets = begin.kinds.map((kind) => net(kind, 2, WIDTH, 2, begin.depth, SEEDS[begin.seed]));
  const [data, until, found] = [spirals(COUNT), performance.now() + milliseconds, []];
  do found.push(nets.map((layers) => step(layers, data, rate, MOMENTUM)));
  while (found.length < most && performance.now() < until);
  return found;
}

/** ask(message, answer): what `train` returns, from a worker, or from this thread on pages opened from a file, where browsers refuse workers. */
function trainer(script) {
  if (location.protocol === "file:") return (message, answer) => setTimeout(() => answer(train(message)));
  const [worker, answers] = [new Worker(script), []];
  worker.onmessage = ({ data }) => answers.shift()(data);
  return (message, answer) => {
    answers.push(answer);
    worker.postMessage(message);
  };
}

function interactive(language, show, script) {
  const words = WORDS[language];
  const [curves, finals] = [plot(240), plot(200)];
  const [main, reset] = [element("button", { type: "button" }), element("button", { type: "button" }, words.reset)];
  const now = element("span", { className: "interactive__now" });
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let [ask, run, done, running] = [null, null, [], false];

  /** Ask for what comes next, until all is done, the reader pauses, or the run is no longer the one on show. */
  function go(mine) {
    const begin = mine.found.length ? null : mine.settings;
    const message = { begin, rate: Number(mine.settings.rate), milliseconds: 40, most: STEPS + 1 - mine.found.length };
    ask ??= trainer(script);
    ask(message, (found) => {
      if (mine !== run) return;
      mine.found.push(...found);
      if (mine.found.length > STEPS) {
        running = false;
        const { kinds, depth, seed, rate } = mine.settings;
        done = done.concat(kinds.map((kind, k) => ({ kind, depth, seed, rate, ...mine.found.at(-1)[k] })));
      }
      show();
      if (running) go(mine);
    });
  }

  main.addEventListener("click", () => {
    running = !running;
    if (running && run.found.length > STEPS) run = { ...run, found: [] };
    if (running) go(run);
    show();
  });
  reset.addEventListener("click", () => {
    [run, done, running] = [null, [], false];
    show();
  });

  const written = ({ loss }) => (Number.isFinite(loss) ? numeral(loss) : words.diverged);

  function update(settings) {
    const asked = JSON.stringify(settings);
    if (run?.asked !== asked) [run, running] = [{ asked, settings, found: [] }, false];
    const { kinds, depth, rate } = settings;
    const steps = Math.max(0, run.found.length - 1); // the first is before any update
    const last = run.found.at(-1) ?? [];
    main.textContent = running ? words.pause : steps > 0 && steps < STEPS ? words.resume : words.start;
    main.disabled = kinds.length === 0;
    reset.disabled = !run.found.length && !done.length;
    now.textContent = words.now(steps, last.map((net, k) => [words[kinds[k]], written(net)]));
    const found = last.map((net, k) => [words[kinds[k]], written(net), net.errors]);
    const says = !kinds.length ? words.none : running ? words.running : last.length ? words.says(steps, depth, found) : words.ready(depth);
    if (!running || !still.matches) draw(settings, says);
    const rows = done.map((net) => [words[net.kind], String(net.depth), String(net.seed), net.rate, written(net), String(net.errors)]);
    return { note: words.note, says, head: words.head, rows };
  }

  function draw({ kinds, rate }, says) {
    const lines = kinds.map((kind, k) => ({ kind: "line", className: kind, points: run.found.map((nets, t) => [t, nets[k].loss]), legend: words[kind] }));
    const shown = done.filter((net) => net.rate === rate);
    const losses = shown.map((net) => net.loss).concat(lines.flatMap(({ points }) => points.map(([, loss]) => loss)));
    const positive = losses.filter((loss) => loss > 0 && loss < Infinity);
    const domain = [Math.min(0.001, ...positive), Math.max(1, ...positive)];
    const chance = (first, last) => ({ kind: "line", className: "theory", points: [[first, Math.log(2)], [last, Math.log(2)]], legend: words.chance });
    curves.draw({
      label: `${words.loss}: ${says}`,
      x: { label: words.step, domain: [0, STEPS], whole: true },
      y: { label: words.loss, domain, log: true },
      marks: [chance(0, STEPS), ...lines],
    });
    const of = (kind) => shown.filter((net) => net.kind === kind).map(({ depth, loss }) => [depth, loss]);
    finals.draw({
      label: `${words.final}: ${shown.map((net) => `${words[net.kind]} ${net.depth}: ${written(net)}`).join("; ")}`,
      x: { label: words.depth, domain: [0, DEEPEST], whole: true },
      y: { label: words.final, domain, log: true },
      marks: [{ ...chance(0, DEEPEST), legend: "" }, ...KINDS.map((kind) => ({ kind: "dots", className: kind, points: of(kind) }))],
    });
  }

  const controls = [
    range("depth", words.depth, { min: 1, max: DEEPEST, value: 20 }),
    choice("rate", words.rate, ["0.003", "0.01", "0.03", "0.1"].map((rate) => [rate, rate]), String(RATE)),
    range("seed", words.seed, { min: 0, max: SEEDS.length - 1, value: 0 }),
    several("kinds", words.kinds, KINDS.map((kind) => [kind, words[kind]]), KINDS),
  ];
  const buttons = element("p", { className: "interactive__buttons" }, main, reset, now);
  return { title: words.title, controls, view: element("div", {}, buttons, curves.view, finals.view), update };
}

if (globalThis.document) {
  const script = document.currentScript.src;
  enliven("spirals", (language, show) => interactive(language, show, script));
} else onmessage = ({ data }) => postMessage(train(data));
