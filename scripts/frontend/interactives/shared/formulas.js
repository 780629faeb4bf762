// Twins of snippets/, one function a formula, named as there and held against it by tests/test_interactives.py.

// snippets/activations.py
export const sigmoid = (z) => 1 / (1 + Math.exp(-z));

export function sigmoid_derivative(z) {
  const s = sigmoid(z);
  return s * (1 - s);
}

export const tanh = Math.tanh;

export const tanh_derivative = (z) => 1 - Math.tanh(z) ** 2;

export const relu = (z) => Math.max(z, 0);

export const relu_derivative = (z) => (z > 0 ? 1 : 0);

export const ACTIVATION = { sigmoid, tanh, relu };
export const DERIVATIVE = { sigmoid: sigmoid_derivative, tanh: tanh_derivative, relu: relu_derivative };

// snippets/seeded.py
export function uniform(seed, count) {
  return Float64Array.from({ length: count }, (_, i) => {
    const a = (seed + Math.imul(0x6d2b79f5, i + 1)) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  });
}

export function normal(seed, count) {
  const uniforms = uniform(seed, count + (count % 2));
  const normals = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const pair = i - (i % 2);
    const [radius, angle] = [Math.sqrt(-2 * Math.log(1 - uniforms[pair])), 2 * Math.PI * uniforms[pair + 1]];
    normals[i] = radius * (i % 2 ? Math.sin(angle) : Math.cos(angle));
  }
  return normals;
}

// snippets/backward_product.py; matrices are flat, row by row
export function layers(x, weights, activation, shortcut) {
  const phi = ACTIVATION[activation];
  const z = [];
  for (const W of weights) {
    z.push(product(x, W, true));
    x = x.map((a, i) => shortcut * a + phi(z.at(-1)[i]));
  }
  return z;
}

export function backward_product(z, weights, output_gradient, activation, shortcut) {
  const derivative = DERIVATIVE[activation];
  let gradient = output_gradient;
  const norms = [Math.hypot(...gradient)];
  for (let l = weights.length - 1; l > 0; l--) {
    const at_z = gradient.map((g, i) => derivative(z[l][i]) * g);
    const through_branch = product(at_z, weights[l], false);
    gradient = gradient.map((g, i) => shortcut * g + through_branch[i]);
    norms.unshift(Math.hypot(...gradient));
  }
  return norms;
}

/** x Wᵀ, or x W: the rows of `x`, each as long as the square matrix W is wide. Loops, for it must be quick. */
function product(x, W, transposed) {
  const width = Math.sqrt(W.length);
  const result = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += width)
    for (let i = 0; i < width; i++)
      for (let j = 0, w = i * width; j < width; j++, w++)
        if (transposed) result[row + i] += x[row + j] * W[w];
        else result[row + j] += x[row + i] * W[w];
  return result;
}

// snippets/block_algebra.py and snippets/paths.py, of blocks with one unit: every Jacobian is a number
export const stack_jacobian = (jacobians, shortcut = 1) => jacobians.reduce((product, J) => (shortcut + J) * product, 1);

export function sums_by_length(jacobians, gradient) {
  const sums = [gradient, ...jacobians.map(() => 0)];
  for (const J of jacobians) for (let k = sums.length - 1; k > 0; k--) sums[k] += J * sums[k - 1];
  return sums;
}

const comb = (n, k) => Math.round(Array.from({ length: Math.min(k, n - k) }).reduce((c, _, i) => (c * (n - i)) / (i + 1), 1));

export const share_of_paths = (depth, length) => comb(depth, length) / 2 ** depth;

export const share_of_bound = (depth, length, epsilon) => (comb(depth, length) * epsilon ** length) / (1 + epsilon) ** depth;

// scripts/pages/values.py: the centre of what spreads over factors
export const geometric_mean = (numbers) => Math.exp(numbers.reduce((sum, x) => sum + Math.log(x), 0) / numbers.length);
