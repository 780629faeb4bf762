# %% [markdown]
# # 第1章の実験室:学習率を変える
#
# セルを上から順に実行し、数値を変えてもう一度実行してみてください。

# %%
from snippets.gradient_descent import descend, largest_learning_rate, quadratic_gradient, quadratic_loss

curvature = 2.0
print("2/λ =", largest_learning_rate(curvature))

# %% [markdown]
# ## 限界の手前と先
#
# 学習率 `learning_rate` を限界の少し上にしてみましょう。何回目の更新から損失が増えますか。

# %%
learning_rate = 0.9
path = descend(1.0, lambda w: quadratic_gradient(w, curvature), learning_rate, steps=10)
for step, w in enumerate(path):
    print(f"{step:2d}  w = {w: .6f}  E = {quadratic_loss(w, curvature):.6f}")

# %% [markdown]
# ## 掛ける数はいつも同じ
#
# 隣り合う重みの比は、どの更新でも $1 - \eta\lambda$ です。

# %%
print(path[1:] / path[:-1])
assert abs(path[1:] / path[:-1] - (1 - learning_rate * curvature)).max() < 1e-9

# %% [markdown]
# ## 勾配を式なしで求める
#
# 中心差分は、損失を2回計算するだけで勾配を返します。放物線では幅によらず正確です。なぜでしょうか。

# %%
from snippets.backpropagation import central_difference

for h in (1.0, 0.1, 0.001):
    print(h, central_difference(lambda w: quadratic_loss(w, curvature), 3.0, h), quadratic_gradient(3.0, curvature))
