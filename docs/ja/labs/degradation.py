# %% [markdown]
# # 第3章の実験室:恒等写像を組み立て、学ばせる
#
# どの節にも問いがあります。まず予想し、次に出力を読み、それから数値を変えて実行し直してみてください。`assert` の行は、本文で述べたことを確かめています。変更して失敗するようになったら、その理由を考えてみましょう。

# %%
import numpy as np

from snippets.activations import relu
from snippets.streams import Streams

# %% [markdown]
# ## 恒等写像にはユニットがいくつ要るか
#
# ユニットが $2n$ 個あれば、$W_2\,\mathrm{ReLU}(W_1 x) = x$ です。これを後ろから順に減らしていきます。一つ減らしたとき、そのまま出てくる入力は全体のどれだけでしょうか。二つ減らしたらどうでしょうか。

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
# 減らしたのは、成分の負の部分を通すユニットです。ですから、一つ減らすごとに入力の半分を失います。$2n$ 個そろっていれば、誤差は小さいのではなく、ちょうど 0 です。
#
# バイアスを使ってよければ、$n$ 個でも足ります。$x \ge -b$ であるかぎり $\mathrm{ReLU}(x + b) - b = x$ だからです。`b` を小さくしていくと、どこで失敗しますか。また、こちらには丸め誤差が現れます。なぜでしょうか。

# %%
b = 5.0
y = relu(x + b) - b
print(f"min x = {x.min():.2f}  max |y - x| = {np.abs(y - x).max():.1e}")
assert np.abs(y - x).max() < 1e-14

# %% [markdown]
# ## 深くしても出力が変わらないネット
#
# 3層のネットの後ろに、$W = I$ の層をたくさん足します。そこに入るのは ReLU の出力で、負にならないので、そのまま通ります。次に、重みを恒等写像から少しだけずらして、$W = (1 - \delta)\,I$ とします。$\delta = 0.01$ のとき、10、100、1000層の後で、出力はどれだけ残るでしょうか。

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
# 重み減衰は、すべての重みを 0 に近づけます。プレーンな層は、それによって恒等写像から離れていきます。では、枝が 0 の残差ブロックはどうなるでしょうか。

# %% [markdown]
# ## 積み重ねは恒等写像を学べるか
#
# ブロックを $x \leftarrow s\,x + \alpha F(x)$ とします。$F(x) = W_2\,\mathrm{ReLU}(W_1 x)$ のユニットは $2n$ 個です。$s = 0$、$\alpha = 1$ ならプレーン、$s = \alpha = 1$ なら残差、$s = 1$、$\alpha = 1/\sqrt{L}$ なら枝を小さくした残差です。勾配は自分で書き下し、中心差分で確かめます。

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
# では、Adam で200回更新します。シードは三つです。つねに 0 と答えるネットの誤差は 1 です。2ブロックでいちばんよいのは三つのうちどれでしょうか。16ブロックではどうでしょうか。0 と答えるより悪いものはあるでしょうか。

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
# - `fit` の `steps` を増やすか、`rate` を変えてみましょう。どの差が縮みますか。
# - 16ブロックで残差がプレーンに勝つには、$\alpha$ をどれだけ小さくすればよいでしょうか。$\alpha = 0$ なら誤差はいくらですか。それを学習の成果と呼べるでしょうか。

# %% [markdown]
# ## 長い重みの勾配は、なぜ小さいのか
#
# 直後に BN があれば、$w$ の長さは効きません。$E(cw) = E(w)$ です。$w$ を10倍、100倍に伸ばすと、$\nabla E$ はどうなるでしょうか。

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
# 勾配は $w$ と直交するので、更新のたびに $w$ は長くなります。勾配が爆発したときのように最初の更新が大きすぎると、その後の勾配はどのくらいの大きさになるでしょうか。

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
# ここでは何も途中で消えていないのに、勾配が小さくなりました。長くなった重みを元の長さに戻す学習率はあるでしょうか。

# %% [markdown]
# ## 似ていることは、どこまで伝わるか
#
# 相関が 0.3 の入力の組を 1000 組、訓練していないプレーンネット(BN つき)に通します。10 層の後に、相関はどれだけ残るでしょうか。「プレーンネットはなぜ失敗するのか」のページのように重みを鏡映しにしたらどうでしょうか。列は順に、層、独立な重み、式、鏡映しの重みです。

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
# ショートカットがあったらどうなるでしょうか。各層の出力に `z` を足し、忘れ方がどれだけ遅くなるかを見てください。

# %% [markdown]
# ## 劣化をシードごとに見る
#
# 3.1節の記録を読みます。訓練損失が20層より56層のほうで大きくなるシードは、いくつあるでしょうか。プレーンネットと残差ネットのそれぞれについて予想してください。

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
# 数えてみましょう。次に、ほかの深さの組を選んでください。これだけのシードでは優劣がわからないのは、どの組でしょうか。

# %%
shallower, deeper = 20, 56
for net in nets:
    larger = loss[net, deeper] > loss[net, shallower]
    print(f"{net:8s} E({deeper}) > E({shallower}): {larger.sum()} / {len(larger)}")

# %% [markdown]
# 最後に、疑わしかった勾配を見ます。56層のネットで、最初のブロックの入力の勾配を、最後のブロックの入力の勾配で割りました。行の最初の数はエポックです。もし第2章のように、勾配がさかのぼる途中で消えるなら、残りの数はどうなるはずでしょうか。

# %%
for net, measured in nets.items():
    for epoch in measured["gradient_epochs"]["value"]:
        ratios = measured[f"first_to_last_blocks_56_epoch_{epoch}"]["values"]
        print(f"{net:8s} {epoch:2d}", *(f"{ratio:7.2f}" for ratio in ratios))
        assert epoch > 0 or min(ratios) > 1
