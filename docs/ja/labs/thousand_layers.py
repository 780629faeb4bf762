# %% [markdown]
# # 1000 層の実験室:どの層でオーバーフローするか
#
# まず予想し、セルを動かし、数を変えてまた動かしてください。`assert` の行は本文の主張を確かめています。数を変えて失敗したら、その理由を考えてみましょう。

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
# ## 千個の倍率
#
# 1層ごとに一つの倍率を、千回掛けます。信号の変化を2倍以内に抑えるには、倍率は 1 からどこまで離れてよいでしょうか。予想してから、`off` を変えて探してください。

# %%
depth, off = 1000, 0.01
print(f"{1 + off:g}: {(1 + off) ** depth:.3g}   {1 - off:g}: {(1 - off) ** depth:.3g}")

for L in (10, 100, 1000, 1_000_000):
    print(f"L = {L:7,d}  (1 + 1/L)^L = {(1 + 1 / L) ** L:.6f}")
    assert (1 + 1 / L) ** L < np.e

# %% [markdown]
# ## オーバーフローする層
#
# 倍率のない残差ネットワークを、三つの数の形式で計算します。上限はおよそ $2^{16}$、$2^{128}$、$2^{1024}$ です。それぞれ何層目でオーバーフローするでしょうか。次に `width` を変えてください。狭いネットワークのほうが長くもつのは、なぜですか。

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
# 倍精度なら1000 層を通り抜けます。では、損失はいくらになり、勾配降下の一歩で何が起きるでしょうか。最後の層の最も大きな数を表示してみてください。

# %%
*_, last = layers(images.astype(float), weights, residual=True)
print(f"largest number in the last layer: {np.abs(last).max():.1e}")
assert np.abs(last).max() > 1e100

# %% [markdown]
# ## ネットワークが覚えていること
#
# 狭いネットワークのほうが長くもち、その差は1層のばらつきだけでは説明できません。$\mathbb{E}[\log r]$ を作る三つの項のうち、下の2番目はどれだけの大きさでしょうか。次に `N` を変えてください。どれだけ狭くすると、三つの項では足りなくなりますか。

# %%
N = 64
found = simulated_growth(N, 100, 200, Streams("lab of a thousand layers", 0).numpy("noise"))
forgetting = np.log(2) - 9 / (8 * N)
remembering = np.log(2) + growth_shift() / (2 * N) - 9 / (8 * N)
print(f"N = {N}: {found:.4f}, theory {remembering:.4f}, without the second term {forgetting:.4f}")

assert abs(found - remembering) < abs(found - forgetting) / 4

# %% [markdown]
# ## プレーンネットワークの信号はどう消えるか
#
# He の初期値のプレーンネットワークでは、$\|a\|^2$ の期待値は変わりません。それでも信号は、典型的には $\exp(-5L/(4N))$ 倍に減ります。予想してください。1000 層で信号の半分を残すには、どれだけの幅が要りますか。

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
# ## 同じ重みでの対策
#
# $z_l = z_{l-1} + \alpha F$ で $\alpha = c/\sqrt{L}$ とします。2乗平均はおよそ $e^{c^2}$ 倍に増えるはずです。予想してください。$c = 2$ ではいくらでしょうか。枝に BN を入れて $\alpha = 1$ とすると?

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
# ## クリッピングで救えるもの
#
# ノルムが 1 を超えた勾配を、ノルム 1 まで縮めます。次のうち、使える一歩になって戻ってくるのはどれでしょうか。大きな勾配、2乗するとオーバーフローする勾配、無限大の勾配、NaN を含む勾配。

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
# 2乗するとオーバーフローする勾配は、ゼロの一歩になって戻ってきました。これもノルム 1 にする `clip` を書けますか。
#
# ## 何が最初に動くか
#
# 1ユニットの同じブロック $z \leftarrow z + \alpha w\,\mathrm{ReLU}(z)$ を重ねます。恒等写像から始める方法は三つ、$\alpha = 0$、$w = 0$、その両方です。学習が始まるのはどれで、最初に動くのは何でしょうか。

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
# ## 訓練したネットワークはどうなったか
#
# 本文のもとになった記録を読みます。すべてのシードで損失がでたらめに答えたときの半分を下回るのは、何エポック目の後でしょうか。プレーンネットワークについても予想してください。

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
