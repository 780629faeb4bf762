# %% [markdown]
# # Lab of chapter 4: follow the +1
#
# Each section asks a question. Guess first, then read what the cell printed, then change something and run the cell again. The `assert` lines hold what the chapter says. If a change of yours breaks one, find out why.

# %%
import numpy as np

from snippets.activations import relu
from snippets.backpropagation import central_difference
from snippets.block_algebra import (
    block_jacobian,
    block_jacobian_2015,
    branch,
    branch_jacobian,
    gain_bounds,
    stack_jacobian,
)
from snippets.streams import Streams

# %% [markdown]
# ## Where does the +1 go?
#
# The Jacobians of the two blocks, column by column from central differences, held against $I + J$ and, for the block of 2015, against $D\,(I + J)$. Guess from $x + F(x)$ which rows of the second are wiped out. Then set `shift` to −5, and to 5.

# %%
n, m, shift = 4, 8, 0
run = Streams("the block's lab", 0)
x = run.numpy("x").standard_normal(n) + shift
W1 = run.numpy("W1").standard_normal((m, n)) / np.sqrt(n)
W2 = run.numpy("W2").standard_normal((n, m)) / np.sqrt(m)


def preactivation(x):
    return x + branch(x, W1, W2)


def of_2015(x):
    return relu(x + branch(x, W1, W2))


def numerical_jacobian(f):
    along = [lambda t, e=e: f(x + t * e) for e in np.eye(n)]
    return np.column_stack([central_difference(g, 0, 1e-6) for g in along])


J = branch_jacobian(x, W1, W2)
D = preactivation(x) > 0
slopes, slopes_2015 = numerical_jacobian(preactivation), numerical_jacobian(of_2015)
print("x + F(x) =", preactivation(x).round(2))
print("I + J =", slopes.round(2), sep="\n")
print("D (I + J) =", slopes_2015.round(2) + 0.0, sep="\n")
assert np.allclose(slopes, block_jacobian(J), atol=1e-6)
assert np.allclose(slopes_2015, block_jacobian_2015(J, D), atol=1e-6)

# %% [markdown]
# ## When does the gain stay at 1?
#
# Fifty blocks of a single unit, $y = \lambda x + Jx$. Guess the gain for each pair. Then find pairs other than $\lambda = 1$, $J = 0$ that keep it at 1. What do they have in common?

# %%
L = 50
pairs = (1, 0), (1, -1), (1, 1), (1, 1e-5), (0.9, 0), (1.1, 0), (0.5, 0)
for shortcut, J in pairs:
    gain = stack_jacobian([np.array([[J]])] * L, shortcut)[0, 0]
    print(f"λ = {shortcut:<3}  J = {J:<5}  gain = {gain:.5g}")
    assert np.isclose(gain, (shortcut + J) ** L)

# %% [markdown]
# In $n$ dimensions with $\|J_l\|_2 = \varepsilon < 1$, the gain lies between $(1-\varepsilon)^L$ and $(1+\varepsilon)^L$. Random branches stay well inside. Replace `branches` with some that reach the upper bound, and with some that reach the lower one.

# %%
def of_norm(epsilon, L, n, run):
    draws = run.numpy("branches").standard_normal((L, n, n))
    return epsilon * draws / np.linalg.norm(draws, 2, axis=(1, 2), keepdims=True)


n = 16
v = np.eye(n)[0]
for epsilon in (0.01, 0.1, 0.3):
    branches = of_norm(epsilon, L, n, Streams("random branches", 0))
    gain = np.linalg.norm(stack_jacobian(branches) @ v)
    low, high = gain_bounds([epsilon] * L)
    print(f"ε = {epsilon:<4}  {low:.3g} ≤ {gain:.3g} ≤ {high:.3g}")
    assert low * (1 - 1e-9) <= gain <= high * (1 + 1e-9)

# %% [markdown]
# ## How large may branches be that know nothing of one another?
#
# Branches scaled by $1/\sqrt{L}$ or $1/L$, a draw for each block (drawn) or one draw repeated in every block (one). Guess which of the four columns go on growing with $L$. Then add the line `repeated[1::2] *= -1`: what changes, and why?

# %%
names = "1/√L, drawn", "1/√L, one", "1/L, drawn", "1/L, one"
print("       " + "".join(f"{name:>13}" for name in names))
for L in (4, 16, 64, 256):
    draws = Streams("how steps add", L).numpy("branches").standard_normal((L, n, n))
    independent = draws / np.sqrt(n)
    repeated = np.repeat(independent[:1], L, axis=0)
    gains = [
        np.linalg.norm(stack_jacobian(scale * branches)) / np.sqrt(n)
        for scale in (L**-0.5, 1 / L)
        for branches in (independent, repeated)
    ]
    print(f"L = {L:3d}" + "".join(f"{gain:13.3g}" for gain in gains))
    assert max(gains[0], gains[2], gains[3]) < np.e

# %% [markdown]
# ## How many paths does a zero take away?
#
# For $L = 8$, the product of all $I + J_l$ against the sum over all paths. Then remove the `#` before `J[3] = 0`: how many paths still carry something? And with a second branch at 0?

# %%
from itertools import product

from snippets.paths import path, path_sum

L = 8
J = of_norm(0.5, L, n, Streams("random branches", 0))
# J[3] = 0
alive = sum(np.any(path(J, taken)) for taken in product((0, 1), repeat=L))
difference = np.abs(stack_jacobian(J) - path_sum(J)).max()
print(f"{alive} / {2**L}  max |∏ - Σ| = {difference:.1e}")
assert difference < 1e-12

# %% [markdown]
# ## How long are the paths that count?
#
# If every branch multiplies by the same $\varepsilon$, the share of length $k$ is binomial, with the probability $\varepsilon/(1+\varepsilon)$ of taking a branch. Guess the mean length in a net of 54 blocks for $\varepsilon$ equal to 1, to $1/\sqrt{54}$ and to $0.01$. For which of them do Veit's lengths, 5 to 17, carry most?

# %%
from snippets.paths import share_of_bound, share_of_paths, sums_by_length

L = 54
k = np.arange(L + 1)
for epsilon in (1, 1 / np.sqrt(L), 0.01):
    sums = sums_by_length([np.array([[epsilon]])] * L, np.ones(1))[:, 0]
    shares = sums / sums.sum()
    veit = shares[5:18].sum()
    print(f"ε={epsilon:.3f}  mean {shares @ k:5.2f}  5≤k≤17: {veit:6.2%}")
    assert np.allclose(shares, [share_of_bound(L, length, epsilon) for length in k])
    assert np.isclose(shares @ k, L * epsilon / (1 + epsilon))
    if epsilon == 1:
        assert np.allclose(shares, [share_of_paths(L, length) for length in k])

# %% [markdown]
# Branches in many dimensions turn what they shrink. Here are both definitions of section 4.4 for all 4096 paths of 12 random blocks: (1) the norm of the sum of the paths of length $k$, (2) the sum of their norms. Guess which one favours short paths. Then remove the `#`, so that no branch turns anything. What happens to the two columns?

# %%
from snippets.paths import along_path

L, epsilon = 12, 0.5
J = of_norm(epsilon, L, n, Streams("random branches", 0))
# J[:] = epsilon * np.eye(n)
g = np.eye(n)[0]
first = np.linalg.norm(sums_by_length(J, g), axis=1)
second = np.zeros(L + 1)
for taken in product((0, 1), repeat=L):
    second[sum(taken)] += np.linalg.norm(along_path(J, g, taken))

for length in range(9):
    shares = first[length] / first.sum(), second[length] / second.sum()
    print(f"k = {length}  (1) {shares[0]:5.1%}  (2) {shares[1]:5.1%}")
assert np.all(first <= second * (1 + 1e-9))

# %% [markdown]
# ## What keeps the size in check?
#
# The mean square of the activations behind 50 blocks, divided by that of the input, without a cure and with each of the three; in the last column its expectation, before it three draws of He's weights. Guess all four. Then make `width` 16, and 256: where do the draws scatter most, and why there?

# %%
from snippets.initialisation import gaussian_weights, he
from snippets.scale import expected_second_moment, second_moments

L, width = 50, 64
cures = {
    "α=1": (1, False),
    "α=1/√L": (1 / np.sqrt(L), False),
    "BN": (1, True),
    "α=0": (0, False),
}
growth = {}
for cure, (scale, normalise) in cures.items():
    growth[cure] = []
    for seed in range(3):
        run = Streams("what keeps the size", seed)
        x = run.numpy("inputs").standard_normal((256, width))
        weights = gaussian_weights(L, width, he, run.numpy("weights"))
        q = second_moments(x, weights, scale, 1, normalise)
        growth[cure].append(q[-1] / q[0])
    values = "".join(f"{value:8.2g}" for value in growth[cure])
    print(f"{cure:6s}{values}{expected_second_moment(L, scale, normalise):8.2g}")

assert growth["α=0"] == [1, 1, 1]
assert max(growth["α=1/√L"]) < min(growth["BN"])
assert 1000 * max(growth["BN"]) < min(growth["α=1"])

# %% [markdown]
# ## Which gradients live at a start from zero?
#
# The block $y = x + W_2\,\mathrm{ReLU}(W_1 x)$ is to become $2x$ at one point $x$; `g1` and `g2` are the gradients of $W_1$ and $W_2$. In the first four rows both matrices start from 0, in the last four only $W_2$. Guess where the norms are 0 before the first update, and where after it.

# %%
def gradients(x, W1, W2):
    z = W1 @ x
    g = x + W2 @ relu(z) - 2 * x
    return np.outer(W2.T @ g * (z > 0), x), np.outer(g, relu(z))


n, m, rate = 4, 8, 0.1
run = Streams("a start from zero", 0)
x = run.numpy("x").standard_normal(n)
drawn = run.numpy("W1").standard_normal((m, n)) / np.sqrt(n)
norms = {}
for start, W1 in (("W1=W2=0", np.zeros((m, n))), ("W2=0", drawn)):
    W2 = np.zeros((n, m))
    for step in range(4):
        g1, g2 = gradients(x, W1, W2)
        norms[start, step] = n1, n2 = np.linalg.norm(g1), np.linalg.norm(g2)
        print(f"{start:7s}  {step}  ‖g1‖ = {n1:.3f}  ‖g2‖ = {n2:.3f}")
        W1, W2 = W1 - rate * g1, W2 - rate * g2

assert not any(any(norms["W1=W2=0", step]) for step in range(4))
assert norms["W2=0", 0][0] == 0 and min(norms["W2=0", 1]) > 0

# %% [markdown]
# ## Many paths, or small branches?
#
# Without one block, half of the paths are gone. Guess how much of the output goes with them, in a net of residual blocks $x + J_l x$ with $\|J_l\|_2 = \varepsilon$, and in a plain one whose layers are orthogonal matrices $Q_l$. Then set `epsilon` to 0.01, and to 0.9. The number of paths is the same for all three values: what, then, protects the net?

# %%
L, n, epsilon = 20, 64, 0.1
run = Streams("without one block", 0)
J = of_norm(epsilon, L, n, run)
Q = np.linalg.qr(run.numpy("plain layers").standard_normal((L, n, n)))[0]
x = run.numpy("x").standard_normal(n)


def output(layers):
    y = x
    for W in layers:
        y = W @ y
    return y


changes = {}
for net, layers in (("I + J", np.eye(n) + J), ("Q", Q)):
    whole, changes[net] = output(layers), []
    for block in range(L):
        without = output(np.delete(layers, block, axis=0))
        change = np.linalg.norm(whole - without) / np.linalg.norm(without)
        changes[net].append(change)
    print(f"{net:6s} {min(changes[net]):.3f} ... {max(changes[net]):.3f}")

behind = np.arange(L)[::-1]
most = epsilon * ((1 + epsilon) / (1 - epsilon)) ** behind
assert np.all(changes["I + J"] <= most * (1 + 1e-9))
