# %% [markdown]
# # 第5章の実験室:断面に見えるもの、隠れるもの
#
# まず予想し、セルを動かし、数を変えてまた動かしてください。`assert` の行は本文の主張を確かめています。数を変えて失敗したら、その理由を考えてみましょう。

# %%
import json
from pathlib import Path

import numpy as np

import snippets

data = Path(snippets.__file__).parents[1] / "docs/data"


def recorded(topic):
    measurements = json.loads((data / f"{topic}.json").read_text(encoding="utf-8"))["measurements"]
    return {name: found.get("value", found.get("values")) for name, found in measurements.items()}

# %% [markdown]
# ## 断面は平均を見せる
#
# 100 次元の地形があり、99 の方向では下に凸で、一つの方向でだけ鋭く上に凸です。乱数で選んだ 10,000 本の方向のうち、断面が上に凸になる割合はどれだけでしょうか。予想してから、`smallest` を変えてください。半分の断面が上に凸になるのは、いくつのときですか。

# %%
from scipy.sparse.linalg import eigsh

from snippets.streams import Streams

n, smallest = 100, -20.0
eigenvalues = np.array([smallest] + [1.0] * (n - 1))
run = Streams("slices", 0)
basis = np.linalg.qr(run.numpy("eigenvectors").standard_normal((n, n)))[0]
H = basis * eigenvalues @ basis.T

d = run.numpy("directions").standard_normal((10_000, n))
d /= np.linalg.norm(d, axis=1, keepdims=True)
bends = np.einsum("ki,ij,kj->k", d, H, d, optimize=True)
found = eigsh(H, k=1, which="SA", return_eigenvectors=False, v0=np.ones(n))[0]
print(f"downwards in {np.mean(bends < 0):.1%} of the slices, on average {bends.mean():.3f}")
print(f"mean eigenvalue {eigenvalues.mean():.3f}, smallest by Lanczos {found:.3f}")

assert abs(bends.mean() - eigenvalues.mean()) < 0.02
assert abs(found - smallest) < 1e-8

# %% [markdown]
# ## 同じ関数、別の地形
#
# ReLU のネットは、ある層を $c$ 倍し、次の層を $c$ で割っても、同じ関数です。では、損失の断面も同じでしょうか。乱数のままの方向と、フィルターごとに重みの大きさへそろえた方向の、それぞれについて予想してください。

# %%
from snippets.activations import relu

c = 10.0
run = Streams("one function", 0)
x, target = (run.numpy(name).standard_normal((200, size)) for name, size in (("inputs", 5), ("target", 1)))
weights = [run.numpy("W1").standard_normal((8, 5)), run.numpy("W2").standard_normal((1, 8)) / 4]
rescaled = [c * weights[0], weights[1] / c]
drawing = run.numpy("direction")
direction = [drawing.standard_normal(W.shape) for W in weights]


def filter_normalised(direction, weights):
    def norms(W):
        return np.linalg.norm(W, axis=1, keepdims=True)

    return [d * norms(W) / norms(d) for d, W in zip(direction, weights, strict=True)]


def slice_of(weights, direction):
    alphas = np.linspace(-1, 1, 5)
    moved = [[W + alpha * d for W, d in zip(weights, direction, strict=True)] for alpha in alphas]
    return np.array([np.mean((relu(x @ W1.T) @ W2.T - target) ** 2) / 2 for W1, W2 in moved])


raw = slice_of(weights, direction), slice_of(rescaled, direction)
normalised = [slice_of(net, filter_normalised(direction, net)) for net in (weights, rescaled)]
for name, (one, other) in (("raw", raw), ("normalised", normalised)):
    print(f"{name}:", one.round(2), other.round(2), sep="\n  ")

assert np.allclose(*normalised) and not np.allclose(*raw)

# %% [markdown]
# ヘッセ行列の最大固有値も、同じように変わってしまいます。$y = w_2 w_1 x$ なら、$w_1 = c$、$w_2 = 1/c$ で $c^2 + 1/c^2$ です。最小になる $c$ はいくつでしょうか。本文の行列で確かめてください。

# %%
for c in (0.5, 1.0, 2.0, 8.0):
    w1, w2 = c, 1 / c
    H = np.array([[w2**2, 2 * w1 * w2 - 1], [2 * w1 * w2 - 1, w1**2]])
    low, high = np.linalg.eigvalsh(H)
    print(f"c = {c}: {low:.1e}, {high:.4f}")
    assert abs(low) < 1e-12 and np.isclose(high, c**2 + 1 / c**2)

# %% [markdown]
# ## 行列を作らずに最大固有値を求める
#
# $Hv$ は $v$ に沿った勾配の変化なので、勾配を二つ計算すれば積が一つ求まります。べき乗法はそれをくり返し、ランチョス法はさらに途中の結果も使います。8 桁の精度を得るのに、それぞれ何回の積が要るでしょうか。もし最小固有値の絶対値がいちばん大きかったら、べき乗法は何を見つけるでしょうか。

# %%
from scipy.sparse.linalg import LinearOperator

run = Streams("products", 0)
x, target = run.numpy("inputs").standard_normal((100, 6)), run.numpy("target").standard_normal(100)
w = run.numpy("weights").standard_normal(6 * 10 + 10) / 2
products = 0


def gradient(w):
    W1, w2 = w[:60].reshape(10, 6), w[60:]
    a = np.tanh(x @ W1.T)
    error = a @ w2 - target
    of_W1 = (error[:, None] * w2 * (1 - a**2)).T @ x
    return np.concatenate([of_W1.ravel(), error @ a]) / len(x)


def product(v, step=1e-5):
    global products
    products += 1
    return (gradient(w + step * v.ravel()) - gradient(w - step * v.ravel())) / (2 * step)


H = np.array([product(e) for e in np.eye(len(w))])
exact = np.linalg.eigvalsh((H + H.T) / 2)

products, v, estimate = 0, np.ones(len(w)), 0.0
while abs(estimate - exact[-1]) > 1e-8 * exact[-1]:
    v /= np.linalg.norm(v)
    Hv = product(v)
    v, estimate = Hv, v @ Hv
print(f"the whole matrix: {len(w)} products; power iteration: {products}")
by_power, products = products, 0

operator = LinearOperator(H.shape, matvec=product, dtype=float)
options = {"k": 1, "which": "LA", "tol": 1e-8, "ncv": 12, "v0": np.ones(len(w))}
lanczos = eigsh(operator, return_eigenvectors=False, **options)[0]
print(f"Lanczos: {products}; eigenvalues from {exact[0]:.3f} to {exact[-1]:.3f}")

assert abs(lanczos - exact[-1]) < 1e-8 * exact[-1] and products < by_power

# %% [markdown]
# ## 極小点はいくつあるか
#
# 記録された断面を、ショートカットのあるネットとないネットについて読みます。八つの隣のどれよりも低い点を、極小点と数えます。予想してください。格子の細かさを変えると、数は変わるでしょうか。`net` も変えてみましょう。

# %%
from scipy.ndimage import minimum_filter

net = 0
ring = np.ones((3, 3))
ring[1, 1] = 0


def minima(losses):
    lower = losses < minimum_filter(losses, footprint=ring)
    return int(lower[1:-1, 1:-1].sum())


for topic in ("loss_landscape_plain", "loss_landscape_residual"):
    record = recorded(topic)
    for mode in ("train", "eval"):
        losses, count = np.array(record[f"surface_{mode}"][net]), record[f"whole_minima_{mode}"][net]
        fine = np.array(record[f"full_surface_{mode}"][0])
        print(f"{topic}, BN {mode}: {minima(losses)} (recorded {count}); "
              f"net 0 on a finer grid {minima(fine)}, every third point {minima(fine[::3, ::3])}")
        assert abs(minima(losses) - count) <= 1  # recorded losses are rounded, so two neighbours may tie

# %% [markdown]
# ## ショートカットと入力についての曲率
#
# $0.9 \tanh$ のブロックを 20 個、ショートカットありとなしで重ねます。$|y''|$ が大きいのはどちらで、どれだけ違うでしょうか。2階の差分には適切な刻みが要ります。次のうち信用できるのはどれで、ほかは何によって狂うのでしょうか。

# %%
def stack(x, shortcut, depth=20, slope=0.9):
    for _ in range(depth):
        x = shortcut * x + slope * np.tanh(x)
    return x


def second_difference(f, x, step):
    return (f(x + step) - 2 * f(x) + f(x - step)) / step**2


record, bends = recorded("curvature"), {}
for kind, shortcut in (("plain", 0), ("residual", 1)):
    at = record[f"largest_at_{kind}"]
    print(f"{kind}: at x = {at:.2g}, by the chain rule {record[f'largest_{kind}']:.4g}")
    for step in (1e-2, 1e-4, 1e-6, 1e-8, 1e-12):
        bends[kind, step] = abs(second_difference(lambda x: stack(x, shortcut), at, step))
        print(f"  step {step:g}: {bends[kind, step]:.4g}")

assert np.isclose(bends["plain", 1e-4], record["largest_plain"], rtol=1e-3)
assert np.isclose(bends["residual", 1e-8], record["largest_residual"], rtol=1e-3)
assert record["largest_residual"] > 1e9 * record["largest_plain"]

# %% [markdown]
# ## 深さによる破砕
#
# 異なる入力での勾配の相関を、四種類のネットで測ります。10 層で最も多く残るのはどれで、最も速く失うのはどれでしょうか。BN は助けになりますか。

# %%
from snippets.initialisation import gaussian_weights, he
from snippets.shattered_gradients import correlation, forward, input_gradients
from snippets.streams import streams


def mean_correlation(depth, residual, normalise, width=100, seeds=10):
    found = []
    for run in streams("shattering", range(seeds)):
        weights = gaussian_weights(depth, width, he, run.numpy("weights"))
        _, slopes = forward(run.numpy("inputs").standard_normal((width, width)), weights, residual, normalise)
        readout = run.numpy("readout").standard_normal(width)
        found.append(correlation(input_gradients(slopes, weights, readout, residual)))
    return np.mean(found)


depths = (2, 3, 5, 10)
print("depth               " + "".join(f"{depth:8d}" for depth in depths))
measured = {}
for residual in (False, True):
    for normalise in (False, True):
        measured[residual, normalise] = [mean_correlation(depth, residual, normalise) for depth in depths]
        name = ("residual" if residual else "plain") + (" + BN" if normalise else "")
        print(f"{name:20s}" + "".join(f"{value:8.3f}" for value in measured[residual, normalise]))

assert np.allclose(measured[False, True][:2], [1 / 4, 1 / 8], atol=0.04)  # plain + BN: one half a layer
assert measured[True, True][-1] > measured[True, False][-1]  # with a shortcut BN helps
assert measured[False, True][-1] < measured[False, False][-1] < measured[True, False][-1]  # without it hurts
