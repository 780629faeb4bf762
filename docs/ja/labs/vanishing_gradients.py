# %% [markdown]
# # 第2章の実験室:勾配はどこで消えるか
#
# 30層の網に逆伝播を一度だけ走らせ、層ごとに勾配の大きさを見ます。

# %%
import numpy as np

from snippets.activations import relu, sigmoid, tanh
from snippets.backpropagation import backward, central_difference, chain_gradient, chain_loss, forward
from snippets.initialisation import gaussian_weights, he, standard, xavier
from snippets.streams import Streams


def factor_per_layer(activation, variance, width=64, depth=30, seed=0):
    run = Streams("lab of chapter 2", seed)
    weights = gaussian_weights(depth, width, variance, run.numpy("weights"))
    x, g = (run.numpy(purpose).standard_normal((32, width)) for purpose in ("inputs", "output gradient"))
    z, a = forward(x, weights, activation)
    _, of_activations = backward(z, a, weights, g, activation)
    norms = [np.linalg.norm(gradient) for gradient in of_activations]
    return (norms[0] / norms[-1]) ** (1 / (depth - 1))


# %% [markdown]
# ## 活性化関数と初期値を変える
#
# 1層ごとの倍率が 1 に近い組み合わせはどれですか。`width` を変えると、どれが動きますか。

# %%
for activation in (sigmoid, tanh, relu):
    for variance in (xavier, he, standard):
        print(f"{activation.__name__:8s} {variance.__name__:9s} {factor_per_layer(activation, variance):.4f}")

# %% [markdown]
# ## 連鎖律の積を確かめる
#
# 一本の鎖で、$\partial E/\partial w_1$ を積の式と中心差分で求めます。`weights` を大きくすると勾配は増えますか、減りますか。

# %%
weights = np.array([0.5, -1.2, 2.0, 0.7])
x, target = 0.8, 1.0
print("product           :", chain_gradient(x, weights, target))
print("central difference:", central_difference(lambda w: chain_loss(x, [w, *weights[1:]], target), weights[0], 1e-5))
