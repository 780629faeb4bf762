# %% [markdown]
# # Lab of chapter 1: change the learning rate
#
# Run the cells from top to bottom, then change a number and run them again.

# %%
from snippets.gradient_descent import descend, largest_learning_rate, quadratic_gradient, quadratic_loss

curvature = 2.0
print("2/λ =", largest_learning_rate(curvature))

# %% [markdown]
# ## Below and above the limit
#
# Set `learning_rate` slightly above the limit. From which update on does the loss grow?

# %%
learning_rate = 0.9
path = descend(1.0, lambda w: quadratic_gradient(w, curvature), learning_rate, steps=10)
for step, w in enumerate(path):
    print(f"{step:2d}  w = {w: .6f}  E = {quadratic_loss(w, curvature):.6f}")

# %% [markdown]
# ## The factor is always the same
#
# The ratio of successive weights is $1 - \eta\lambda$ at every update.

# %%
print(path[1:] / path[:-1])
assert abs(path[1:] / path[:-1] - (1 - learning_rate * curvature)).max() < 1e-9

# %% [markdown]
# ## A gradient without a formula
#
# The central difference returns the gradient from two evaluations of the loss. On a parabola it is exact whatever the step. Why?

# %%
from snippets.backpropagation import central_difference

for h in (1.0, 0.1, 0.001):
    print(h, central_difference(lambda w: quadratic_loss(w, curvature), 3.0, h), quadratic_gradient(3.0, curvature))
