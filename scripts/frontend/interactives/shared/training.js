// A small net and its training: twins of snippets/spirals.py, networks.py and training.py, in loops, for they must be quick.
// Matrices are flat, row by row; a batch holds one input a row.
import { normal, relu, relu_derivative } from "./formulas.js";

// snippets/spirals.py
export function spirals(count) {
  const half = count / 2;
  const x = new Float64Array(2 * count);
  for (let i = 0; i < half; i++) {
    const t = (i + 0.5) / half;
    x.set([2 * t * Math.cos(2 * Math.PI * t), 2 * t * Math.sin(2 * Math.PI * t)], 2 * i);
  }
  for (let i = 0; i < count; i++) x[count + i] = -x[i];
  return { x, labels: Array.from({ length: count }, (_, i) => (i < half ? 0 : 1)) };
}

/**
 * snippets/networks.py: `Plain`, or `Residual` with the scale 1/√depth, with the weights of snippets/spirals.py.
 *
 * Both are zₗ = s zₗ₋₁ + α (Wₗ φ(zₗ₋₁) + bₗ), where s = 0 and α = 1 in a plain net, in the first layer and in the
 * readout, and s = 1 in a residual net's other layers.
 */
export function net(kind, inputs, width, classes, depth, seed) {
  const sizes = [inputs, ...Array(depth).fill(width), classes];
  const draws = normal(seed, sizes.slice(1).reduce((sum, outputs, l) => sum + outputs * sizes[l], 0));
  let drawn = 0;
  return sizes.slice(1).map((outputs, l) => {
    const deviation = Math.sqrt(2 / sizes[l]);
    const W = draws.slice(drawn, (drawn += outputs * sizes[l])).map((w) => deviation * w);
    const [s, alpha] = kind === "residual" && l > 0 && l < depth ? [1, 1 / Math.sqrt(depth)] : [0, 1];
    const parameters = [W, new Float64Array(outputs)];
    return { inputs: sizes[l], outputs, s, alpha, parameters, velocities: parameters.map((w) => new Float64Array(w.length)) };
  });
}

/** What enters every layer, and its zₗ; the last are the logits. */
export function forward(layers, x, count) {
  let previous = null;
  return layers.map(({ inputs, outputs, s, alpha, parameters: [W, b] }) => {
    const a = previous ? previous.map(relu) : x;
    const z = new Float64Array(count * outputs);
    for (let row = 0; row < count; row++)
      for (let o = 0; o < outputs; o++) {
        let sum = b[o];
        for (let i = 0; i < inputs; i++) sum += W[o * inputs + i] * a[row * inputs + i];
        z[row * outputs + o] = alpha * sum + (s ? s * previous[row * outputs + o] : 0);
      }
    previous = z;
    return { a, z };
  });
}

/** The mean cross-entropy, how many inputs are taken for another class, and ∂E/∂logits = (softmax − one-hot) / count. */
export function cross_entropy(logits, labels) {
  const [count, classes] = [labels.length, logits.length / labels.length];
  const gradient = new Float64Array(logits.length);
  let [loss, errors] = [0, 0];
  for (let row = 0; row < count; row++) {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    const largest = Math.max(...z);
    const sum = z.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
    loss += (Math.log(sum) + largest - z[labels[row]]) / count;
    errors += z[labels[row]] === largest ? 0 : 1;
    z.forEach((logit, k) => (gradient[row * classes + k] = (Math.exp(logit - largest) / sum - (k === labels[row] ? 1 : 0)) / count));
  }
  return { loss, errors, gradient };
}

/** [∂E/∂Wₗ, ∂E/∂bₗ] of every layer, from `forward` and ∂E/∂logits. */
export function backward(layers, passed, gradient) {
  const found = [];
  for (let l = layers.length - 1; l >= 0; l--) {
    const { inputs, outputs, s, alpha, parameters: [W] } = layers[l];
    const [gW, gb, ga] = [new Float64Array(W.length), new Float64Array(outputs), new Float64Array(passed[l].a.length)];
    for (let row = 0, count = gradient.length / outputs; row < count; row++)
      for (let o = 0; o < outputs; o++) {
        const g = alpha * gradient[row * outputs + o];
        gb[o] += g;
        for (let i = 0; i < inputs; i++) {
          gW[o * inputs + i] += g * passed[l].a[row * inputs + i];
          ga[row * inputs + i] += g * W[o * inputs + i];
        }
      }
    found.unshift([gW, gb]);
    if (l > 0) gradient = ga.map((g, i) => relu_derivative(passed[l - 1].z[i]) * g + (s ? s * gradient[i] : 0));
  }
  return found;
}

/** SGD with momentum, on the whole batch: v ← μ v + ∂E/∂w, w ← w − η v. Returns the loss and the errors before it. */
export function step(layers, { x, labels }, rate, momentum) {
  const passed = forward(layers, x, labels.length);
  const { loss, errors, gradient } = cross_entropy(passed.at(-1).z, labels);
  backward(layers, passed, gradient).forEach((gradients, l) =>
    gradients.forEach((g, p) => {
      const [w, v] = [layers[l].parameters[p], layers[l].velocities[p]];
      for (let i = 0; i < w.length; i++) {
        v[i] = momentum * v[i] + g[i];
        w[i] -= rate * v[i];
      }
    }),
  );
  return { loss, errors };
}
