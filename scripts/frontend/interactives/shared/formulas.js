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
