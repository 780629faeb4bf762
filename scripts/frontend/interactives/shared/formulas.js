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
  return Float64Array.from({ length: count }, (_, i) => {
    const [u, v] = uniforms.subarray(i - (i % 2));
    const [radius, angle] = [Math.sqrt(-2 * Math.log(1 - u)), 2 * Math.PI * v];
    return radius * (i % 2 ? Math.sin(angle) : Math.cos(angle));
  });
}
