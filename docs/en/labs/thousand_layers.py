# %% [markdown]
# # Lab of a thousand layers: where do the numbers end?
#
# Guess before you run a cell, then change a number and run it again. The `assert` lines hold what the page says; where a change of yours breaks one, find out why.

# %%
import json
from pathlib import Path

import numpy as np

import snippets
from snippets.digits import digits
from snippets.initialisation import gaussian_weights, he
from snippets.signal_size import growth_shift, layers, overflow_layer, simulated_growth, typical_factor
from snippets.streams import Streams

data = Path(snippets.__file__).parents[1] / "docs/data"


def recorded(topic):
    measurements = json.loads((data / f"{topic}.json").read_text(encoding="utf-8"))["measurements"]
    return {name: found.get("value", found.get("values")) for name, found in measurements.items()}

# %% [markdown]
# ## A thousand factors
#
# One factor per layer, a thousand layers. How far may the factor be from 1 if the signal is to change by no more than a factor of 2? Guess, then search for it by changing `off`.

# %%
depth, off = 1000, 0.01
print(f"{1 + off:g}: {(1 + off) ** depth:.3g}   {1 - off:g}: {(1 - off) ** depth:.3g}")

for L in (10, 100, 1000, 1_000_000):
    print(f"L = {L:7,d}  (1 + 1/L)^L = {(1 + 1 / L) ** L:.6f}")
    assert (1 + 1 / L) ** L < np.e

# %% [markdown]
# ## The layer of overflow
#
# The unscaled residual net in three number formats, which end near $2^{16}$, $2^{128}$ and $2^{1024}$. At which layer does each overflow? Then change `width`. Why does a narrow net last longer?

# %%
width, seed = 32, 0
images = digits(Streams("lab of a thousand layers", 0).numpy("split"))[0][:16]


def random_net(width, seed, depth=1000):
    rng = Streams("lab of a thousand layers", seed).numpy("weights")
    first = he(64, width) ** 0.5 * rng.standard_normal((width, 64))
    return [first, *gaussian_weights(depth - 1, width, he, rng)]


weights = random_net(width, seed)
found = {}
for format in (np.float16, np.float32, np.float64):
    expected = np.log(float(np.finfo(format).max)) / np.log(typical_factor(width, residual=True))
    with np.errstate(over="ignore", invalid="ignore"):
        found[format] = overflow_layer(images.astype(format), [W.astype(format) for W in weights])
    print(f"{format.__name__}: layer {found[format]}, theory {expected:.0f}")

assert found[np.float16] < found[np.float32] < 350 and found[np.float64] is None

# %% [markdown]
# Double precision gets through all thousand layers. What would the loss be, and what would a step of gradient descent do? Print the largest number of the last layer.

# %%
*_, last = layers(images.astype(float), weights, residual=True)
print(f"largest number in the last layer: {np.abs(last).max():.1e}")
assert np.abs(last).max() > 1e100

# %% [markdown]
# ## What a net remembers
#
# A narrow net lasts longer, and by more than the spread of one layer explains. Guess what the second term below is worth, of the three that make up $\mathbb{E}[\log r]$. Then change `N`: how narrow must the net be for three terms no longer to do?

# %%
N = 64
found = simulated_growth(N, 100, 200, Streams("lab of a thousand layers", 0).numpy("noise"))
forgetting = np.log(2) - 9 / (8 * N)
remembering = np.log(2) + growth_shift() / (2 * N) - 9 / (8 * N)
print(f"N = {N}: {found:.4f}, theory {remembering:.4f}, without the second term {forgetting:.4f}")

assert abs(found - remembering) < abs(found - forgetting) / 4

# %% [markdown]
# ## How a plain net fades
#
# The expectation of $\|a\|^2$ never changes in a plain net with He's weights. Even so, a typical signal shrinks to $\exp(-5L/(4N))$. Guess: how wide must a net of 1000 layers be to keep half of its signal?

# %%
for N in (32, 64):
    sizes = []
    for seed in range(5):
        every = [np.sqrt(np.mean(z**2)) for z in layers(images, random_net(N, seed), residual=False)]
        sizes.append(every[-1] / every[0])
    theory = typical_factor(N, residual=False) ** 999
    print(f"N = {N}: from {min(sizes):.1e} to {max(sizes):.1e}, theory {theory:.1e}")
    assert abs(np.mean(np.log(sizes)) - np.log(theory)) < 4 * np.sqrt(5 * 999 / (4 * N) / 5)

print(f"for half of it: N = {5 * 1000 / (4 * np.log(2)):.0f}")

# %% [markdown]
# ## Cures, with the same weights
#
# $z_l = z_{l-1} + \alpha F$ with $\alpha = c/\sqrt{L}$. The mean square should grow by about $e^{c^2}$. Guess: what does $c = 2$ give, and what does BN in the branch give with $\alpha = 1$?

# %%
from snippets.scale import second_moments

z = images @ weights[0].T
branches = weights[1:]
growth = {}
for c in (0, 1, 2):
    moments = second_moments(z, branches, c / np.sqrt(len(branches)), 1.0, False)
    growth[c] = moments[-1] / moments[0]
    print(f"c = {c}: {growth[c]:.3g}, theory {np.exp(c**2):.3g}")
with_bn = second_moments(z, branches, 1.0, 1.0, True)
print(f"BN: {with_bn[-1]:.4g}, theory {with_bn[0] + len(branches):.4g}")

assert growth[0] == 1 and 0.2 < growth[1] / np.e < 5
assert abs(with_bn[-1] / (with_bn[0] + len(branches)) - 1) < 0.1

# %% [markdown]
# ## What clipping can save
#
# A gradient whose norm exceeds 1 is scaled back to norm 1. Guess which of these come back as a usable step: a large one, one whose square overflows, an infinite one, one with a NaN.

# %%
def clip(gradient, limit=1.0):
    return gradient * np.minimum(1, limit / np.sqrt(np.sum(gradient**2)))


gradients = {"large": [3e3, 4e3], "square overflows": [3e30, 4e30]}
gradients |= {"infinite": [3, np.inf], "NaN": [3, np.nan]}
with np.errstate(over="ignore", invalid="ignore"):
    clipped = {name: clip(np.array(gradient, np.float32)) for name, gradient in gradients.items()}
for name, step in clipped.items():
    print(f"{name:16s} {step}")

assert np.allclose(clipped["large"], [0.6, 0.8])
assert not np.any(clipped["square overflows"])
assert np.isnan(clipped["infinite"]).any() and np.isnan(clipped["NaN"]).all()

# %% [markdown]
# The gradient whose square overflows comes back as a step of zero. Can you write a `clip` that gives it the norm 1?
#
# ## What moves first
#
# A stack of equal blocks with one unit each, $z \leftarrow z + \alpha w\,\mathrm{ReLU}(z)$. Three ways to begin as the identity: $\alpha = 0$, $w = 0$, or both. For which does learning start, and with what?

# %%
from snippets.backpropagation import central_difference


def loss(alpha, w, blocks=10, x=1.0, target=2.0):
    z = x
    for _ in range(blocks):
        z = z + alpha * w * max(z, 0)
    return (z - target) ** 2 / 2


slopes = {}
for alpha, w in ((0.0, 0.5), (0.5, 0.0), (0.0, 0.0)):
    of_alpha = central_difference(lambda a: loss(a, w), alpha, 1e-5)
    of_w = central_difference(lambda b: loss(alpha, b), w, 1e-5)
    slopes[alpha, w] = of_alpha, of_w
    print(f"alpha = {alpha}, w = {w}:  dE/d alpha = {of_alpha:6.3f}  dE/dw = {of_w:6.3f}")

assert slopes[0.0, 0.5][0] != 0 == slopes[0.0, 0.5][1]  # ReZero
assert slopes[0.5, 0.0][1] != 0 == slopes[0.5, 0.0][0]  # a zero last layer
assert slopes[0.0, 0.0] == (0, 0)

# %% [markdown]
# ## What the trained nets did
#
# The record behind the page. After which epoch is each kind's loss below half of the loss of guessing, with every seed? Guess for the plain nets.

# %%
record = recorded("thousand_layers")
for kind in ("scaled", "rezero", "zero", "unscaled", "plain"):
    if gone := sum(record[f"diverged_{kind}_1000"]):
        print(f"{kind:9s} diverged with {gone} seeds")
        continue
    worst = np.max(record[f"loss_{kind}_1000"], axis=0)
    below = np.flatnonzero(worst < record["chance_loss"] / 2)
    print(f"{kind:9s}", f"epoch {below[0] + 1}" if below.size else f"never, at last {worst[-1]:.4f}")

assert np.mean(record["final_loss_scaled_1000"]) < 0.1 * record["chance_loss"]
assert min(record["final_loss_plain_1000"]) > 0.9 * record["chance_loss"]
