# %% [markdown]
# # 第4章の実験室:「+1」のゆくえ
#
# どの節にも問いがあります。まず予想し、次に出力を読み、それから数値を変えて実行し直してみてください。`assert` の行は、本文で述べたことを確かめています。変更して失敗するようになったら、その理由を考えてみましょう。

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
# ## 「+1」はどこへ行くのか
#
# 二つのブロックのヤコビ行列を、中心差分で一列ずつ求め、$I + J$ および2015年のブロックの $D\,(I + J)$ と比べます。$x + F(x)$ の値から、後者のどの行が消えるかを予想してください。次に `shift` を −5 と 5 にしてみましょう。

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
# ## 倍率が 1 のままなのはいつか
#
# ユニットが一つのブロック $y = \lambda x + Jx$ を50個重ねます。それぞれの組について、倍率を予想してください。次に、$\lambda = 1$、$J = 0$ のほかに、倍率が 1 のままになる組を探しましょう。どんな共通点がありますか。

# %%
L = 50
pairs = (1, 0), (1, -1), (1, 1), (1, 1e-5), (0.9, 0), (1.1, 0), (0.5, 0)
for shortcut, J in pairs:
    gain = stack_jacobian([np.array([[J]])] * L, shortcut)[0, 0]
    print(f"λ = {shortcut:<3}  J = {J:<5}  gain = {gain:.5g}")
    assert np.isclose(gain, (shortcut + J) ** L)

# %% [markdown]
# $n$ 次元で $\|J_l\|_2 = \varepsilon < 1$ なら、倍率は $(1-\varepsilon)^L$ と $(1+\varepsilon)^L$ の間にあります。乱数の枝では、ずっと内側に収まります。`branches` を取り替えて、上限に達する枝と、下限に達する枝を作ってみましょう。

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
# ## 枝が互いに無関係なら、どれだけ大きくてよいか
#
# 枝の大きさを $1/\sqrt{L}$ 倍または $1/L$ 倍にします。ブロックごとに生成した枝(drawn)と、全ブロックで繰り返した一本の枝(one)とで、倍率を比べます。$L$ とともに増え続けるのは、四つの列のうちどれでしょうか。次に、`repeated[1::2] *= -1` という行を加えてみましょう。何が変わりますか。それはなぜでしょうか。

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
# ## 枝を一つ 0 にすると、経路は何本減るか
#
# $L = 8$ で、$I + J_l$ の積と、すべての経路の和を比べます。次に、`J[3] = 0` の前の `#` を消しましょう。何かを運ぶ経路は何本残りますか。もう一本の枝も 0 にしたらどうでしょうか。

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
# ## 効いている経路はどれだけ長いか
#
# どの枝も同じ $\varepsilon$ 倍なら、長さ $k$ の経路の割合は二項分布に従い、枝を選ぶ確率は $\varepsilon/(1+\varepsilon)$ です。54ブロックのネットで、$\varepsilon$ が 1、$1/\sqrt{54}$、$0.01$ のときの平均の長さを予想してください。Veit らの長さ、5 から 17 の経路が大半を運ぶのは、どの場合でしょうか。

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
# 多次元の枝は、縮めると同時に向きも変えます。乱数の12ブロックの、4096本の経路すべてについて、4.4節の二つの定義を比べます。(1) は長さ $k$ の経路の和のノルム、(2) はノルムの和です。短い経路が有利になるのはどちらでしょうか。次に `#` を消して、どの枝も向きを変えないようにしましょう。二つの列はどうなりますか。

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
# ## 大きさを抑えるものは何か
#
# 50ブロックの後の活性値の2乗平均を、入力の2乗平均で割ります。対策なしの場合と、三つの対策のそれぞれについて、He の重みを3通り生成した結果を並べました。最後の列は期待値です。四つの値を予想してください。次に `width` を 16 と 256 にしてみましょう。ばらつきが最も大きいのはどれですか。それはなぜでしょうか。

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
# ## 0 から始めると、どの勾配が生きているか
#
# ブロック $y = x + W_2\,\mathrm{ReLU}(W_1 x)$ に、ある一点 $x$ で $2x$ を返すことを学ばせます。`g1` と `g2` は $W_1$ と $W_2$ の勾配です。最初の4行では両方の行列を 0 から、後の4行では $W_2$ だけを 0 から始めます。最初の更新の前に、ノルムが 0 なのはどれでしょうか。更新の後ではどうでしょうか。

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
# ## 経路が多いからか、枝が小さいからか
#
# ブロックを一つ抜くと、経路の半分がなくなります。では、出力はどれだけ変わるでしょうか。$\|J_l\|_2 = \varepsilon$ の残差ブロック $x + J_l x$ を重ねたネットと、直交行列 $Q_l$ を重ねたプレーンネットで予想してください。次に `epsilon` を 0.01 と 0.9 にしてみましょう。経路の数は、どの値でも同じです。それなら、ネットを守っているのは何でしょうか。

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
