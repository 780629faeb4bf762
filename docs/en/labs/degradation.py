# %% [markdown]
# # Lab of chapter 3: build the identity, then learn it
#
# Each section asks a question. Guess first, then read what the cell printed, then change something and run the cell again. The `assert` lines hold what the chapter says. If a change of yours breaks one, find out why.

# %%
import numpy as np

from snippets.activations import relu
from snippets.streams import Streams

# %% [markdown]
# ## How many units does the identity take?
#
# With $2n$ units, $W_2\,\mathrm{ReLU}(W_1 x) = x$. Leave some of them out, the last ones first. Guess: what share of the inputs still comes out unchanged with one unit less? With two?

# %%
n = 4
x = Streams("lab of chapter 3", 0).numpy("inputs").standard_normal((10_000, n))
W1 = np.vstack([np.eye(n), -np.eye(n)])
W2 = np.hstack([np.eye(n), -np.eye(n)])

for units in range(2 * n, n - 1, -1):
    y = relu(x @ W1[:units].T) @ W2[:, :units].T
    error, same = np.abs(y - x).max(), np.all(y == x, axis=1)
    print(f"{units}/{2 * n}  max |y - x| = {error:.2f}  y = x: {same.mean():.1%}")
    kept = units - n
    assert np.array_equal(same, np.all(x[:, kept:] >= 0, axis=1))

# %% [markdown]
# What is left out passes the negative part of a component on, so each unit costs half of the inputs. With all $2n$ units the error is exactly 0, not merely small.
#
# If a bias is allowed, $n$ units will do: $\mathrm{ReLU}(x + b) - b = x$ wherever $x \ge -b$. Make `b` smaller until it fails. And why does a rounding error appear here?

# %%
b = 5.0
y = relu(x + b) - b
print(f"min x = {x.min():.2f}  max |y - x| = {np.abs(y - x).max():.1e}")
assert np.abs(y - x).max() < 1e-14

# %% [markdown]
# ## A deeper net that says the same
#
# Behind a net of three layers, put many more layers with $W = I$. What enters them comes out of a ReLU, is never negative, and passes unchanged. Then let the weights miss the identity a little, $W = (1 - \delta)\,I$. Guess: with $\delta = 0.01$, what is left of the output behind 10, 100, 1000 layers?

# %%
from snippets.backpropagation import forward
from snippets.initialisation import gaussian_weights, he

width, delta = 16, 0.01
run = Streams("lab of chapter 3", 0)
x = run.numpy("inputs").standard_normal((100, width))
shallow = gaussian_weights(3, width, he, run.numpy("weights"))


def output(weights):
    return forward(x, weights, relu)[1][-1]


for extra in (10, 100, 1000):
    exact = output(shallow + [np.eye(width)] * extra)
    missed = output(shallow + [(1 - delta) * np.eye(width)] * extra)
    left = np.linalg.norm(missed) / np.linalg.norm(exact)
    difference = np.abs(exact - output(shallow)).max()
    print(f"{extra:4d}  δ = 0: {difference}  δ = {delta}: {left:.2g}")
    assert np.array_equal(exact, output(shallow))
    assert np.isclose(left, (1 - delta) ** extra)

# %% [markdown]
# Weight decay pulls all weights towards 0, and a plain layer away from the identity. What does it do to a residual block whose branch is 0?

# %% [markdown]
# ## Can a stack of blocks learn it?
#
# Blocks $x \leftarrow s\,x + \alpha F(x)$, where $F(x) = W_2\,\mathrm{ReLU}(W_1 x)$ has $2n$ units: plain for $s = 0$ and $\alpha = 1$, residual for $s = \alpha = 1$, residual with scaled branches for $s = 1$ and $\alpha = 1/\sqrt{L}$. The gradient is written out by hand and held against a central difference.

# %%
from snippets.backpropagation import central_difference

n, width = 8, 16


def initial(L, rng):
    W1 = rng.standard_normal((L, width, n)) * np.sqrt(1 / n)
    W2 = rng.standard_normal((L, n, width)) * np.sqrt(2 / width)
    return W1, W2


def error_and_gradients(x, W1, W2, s, alpha):
    a, h = [x], []
    for block in range(len(W1)):
        h.append(relu(a[block] @ W1[block].T))
        a.append(s * a[block] + alpha * h[block] @ W2[block].T)
    g = 2 * (a[-1] - x) / x.size
    g1, g2 = np.empty_like(W1), np.empty_like(W2)
    for block in reversed(range(len(W1))):
        dz = alpha * g @ W2[block] * (h[block] > 0)
        g1[block], g2[block] = dz.T @ a[block], alpha * g.T @ h[block]
        g = s * g + dz @ W1[block]
    return np.mean((a[-1] - x) ** 2), g1, g2


run = Streams("lab of chapter 3", 0)
x = run.numpy("inputs").standard_normal((64, n))
W1, W2 = initial(4, run.numpy("weights"))


def error_at(w):
    V1 = W1.copy()
    V1[0, 0, 0] = w
    return error_and_gradients(x, V1, W2, 1, 0.5)[0]


by_hand = error_and_gradients(x, W1, W2, 1, 0.5)[1][0, 0, 0]
by_difference = central_difference(error_at, W1[0, 0, 0], 1e-6)
print(f"∂E/∂w = {by_hand:.8f}, {by_difference:.8f}")
assert np.isclose(by_hand, by_difference, rtol=1e-5)

# %% [markdown]
# Now 200 updates of Adam, with three seeds. A net that always answers 0 has the error 1. Guess: which of the three is best with 2 blocks, and which with 16? Does any of them do worse than answering 0?

# %%
def fit(L, s, alpha, seed, steps=200, rate=0.003):
    run = Streams("lab of chapter 3", seed)
    W, inputs = initial(L, run.numpy("weights")), run.numpy("inputs")
    mean, square = [0, 0], [0, 0]
    for t in range(1, steps + 1):
        x = inputs.standard_normal((64, n))
        _, *gradients = error_and_gradients(x, *W, s, alpha)
        for i, g in enumerate(gradients):
            mean[i] = 0.9 * mean[i] + 0.1 * g
            square[i] = 0.999 * square[i] + 0.001 * g**2
            size = np.sqrt(square[i] / (1 - 0.999**t)) + 1e-8
            W[i][:] -= rate * mean[i] / (1 - 0.9**t) / size
    return error_and_gradients(inputs.standard_normal((1000, n)), *W, s, alpha)[0]


errors = {}
for L in (2, 4, 16):
    kinds = {"plain": (0, 1), "residual": (1, 1), "scaled": (1, 1 / np.sqrt(L))}
    for net, (s, alpha) in kinds.items():
        errors[net, L] = [fit(L, s, alpha, seed) for seed in range(3)]
        values = "".join(f"{error:7.3f}" for error in errors[net, L])
        print(f"L={L:<2d} s={s} α={alpha:.2f} {values}")

for L in (2, 4):
    assert max(errors["residual", L]) < min(errors["plain", L])
assert max(errors["scaled", 16]) < min(errors["plain", 16])
assert min(errors["residual", 16]) > max(errors["residual", 4])

# %% [markdown]
# - Give `fit` more `steps`, or another `rate`. Which gaps close?
# - How small must $\alpha$ be for 16 residual blocks to beat as many plain ones? What is the error with $\alpha = 0$, and would you call that learning?

# %% [markdown]
# ## Why do long weights have small gradients?
#
# Behind BN the length of $w$ does not matter: $E(cw) = E(w)$. Guess: what happens to $\nabla E$ when $w$ becomes 10 and 100 times as long?

# %%
run = Streams("lab of chapter 3", 0)
X, target = run.numpy("inputs").standard_normal((64, 5)), run.numpy("targets").standard_normal(64)
w0 = run.numpy("weights").standard_normal(5)


def E(w):
    z = X @ w
    return np.mean(((z - z.mean()) / z.std() - target) ** 2)


def gradient(w):
    h = 1e-5 * np.linalg.norm(w)
    along = [lambda t, e=e: E(w + t * e) for e in np.eye(5)]
    return np.array([central_difference(f, 0, h) for f in along])


for c in (1, 10, 100):
    g = gradient(c * w0)
    norm, product = np.linalg.norm(g), abs(c * w0 @ g)
    print(f"c = {c:3d} ‖∇E‖ = {norm:.5f} |w·∇E| = {product:.0e}")
    assert np.allclose(g, gradient(w0) / c, atol=1e-9) and product < 1e-8

# %% [markdown]
# The gradient is orthogonal to $w$, so each update makes $w$ longer. Guess: if the first update is far too large, as after an explosion, how large are the gradients that follow?

# %%
for rate in (1, 1000):
    w = w0
    for step in range(4):
        g = gradient(w)
        norms = np.linalg.norm(w), np.linalg.norm(g)
        print(f"η = {rate:4d} {step} ‖w‖ = {norms[0]:6.2f} ‖∇E‖ = {norms[1]:.5f}")
        updated = w - rate * g
        assert np.isclose(updated @ updated, w @ w + rate**2 * g @ g)
        w = updated

# %% [markdown]
# Nothing vanished on its way here, and yet the gradient became small. Which learning rate brings the long weights back to their old length?

# %% [markdown]
# ## What is left of a likeness?
#
# 1000 pairs of inputs, the two of a pair with the correlation 0.3, go through a plain net with BN that nobody has trained. Guess: what is left of the correlation behind 10 layers? And where the weights are mirrored, as on the page on why plain nets fail? The columns are the layer, independent weights, the formula, mirrored weights.

# %%
from snippets.correlation_map import correlation_after

width, pairs = 256, 1000
run = Streams("lab of chapter 3", 0)
u, noise = run.numpy("pairs").standard_normal((2, pairs, width))
both = np.concatenate([u, 0.3 * u + np.sqrt(1 - 0.3**2) * noise])
independent = gaussian_weights(30, width, he, run.numpy("weights"))


def mirrored(W):
    A = W[: width // 2, : width // 2]
    return np.block([[A, -A], [-A, A]])


def passed_on(z, weights):
    correlations = []
    for W in weights:
        z = relu((z - z.mean(0)) / z.std(0)) @ W.T
        z = (z - z.mean(0)) / z.std(0)
        correlations.append((z[:pairs] * z[pairs:]).mean())
    return correlations


half = both[:, : width // 2]
plain = passed_on(both, independent)
linear = passed_on(np.hstack([half, -half]), map(mirrored, independent))
for layer in (1, 2, 5, 10, 30):
    found = plain[layer - 1], correlation_after(layer, 0.3), linear[layer - 1]
    print(f"{layer:2d}", *(f"{correlation:6.3f}" for correlation in found))
    assert abs(found[0] - found[1]) < 0.03 and abs(found[2] - 0.3) < 0.03

# %% [markdown]
# What would a shortcut do to it? Add `z` to what each layer gives and see how slowly the net forgets then.

# %% [markdown]
# ## Degradation, seed by seed
#
# These are the records behind section 3.1. Guess: for how many of the seeds is the training loss with 56 layers larger than with 20, in plain nets and in residual ones?

# %%
import json
from pathlib import Path

import snippets


def measurements(topic):
    folder = Path(snippets.__file__).parents[1] / "docs" / "data"
    record = (folder / f"{topic}.json").read_text(encoding="utf-8")
    return json.loads(record)["measurements"]


nets = {
    "plain": measurements("degradation_plain"),
    "residual": measurements("degradation_residual"),
}
loss = {}
for net, measured in nets.items():
    for depth in measured["depths"]["value"]:
        values = np.array(measured[f"final_loss_{depth}"]["values"])
        loss[net, depth] = values
        print(f"{net:8s} {depth:2d}", *(f"{value:.4f}" for value in values))

assert np.all(loss["plain", 56] > loss["plain", 20])
assert np.all(loss["plain", 56] > loss["residual", 56])

# %% [markdown]
# Count them. Then pick other pairs of depths: which can these seeds not tell apart?

# %%
shallower, deeper = 20, 56
for net in nets:
    larger = loss[net, deeper] > loss[net, shallower]
    print(f"{net:8s} E({deeper}) > E({shallower}): {larger.sum()} / {len(larger)}")

# %% [markdown]
# And the suspect: the gradient of the first block's input, divided by that of the last one's, in the nets of 56 layers. The first number in a row is the epoch. What would the others look like if gradients vanished on their way back, as in chapter 2?

# %%
for net, measured in nets.items():
    for epoch in measured["gradient_epochs"]["value"]:
        ratios = measured[f"first_to_last_blocks_56_epoch_{epoch}"]["values"]
        print(f"{net:8s} {epoch:2d}", *(f"{ratio:7.2f}" for ratio in ratios))
        assert epoch > 0 or min(ratios) > 1
