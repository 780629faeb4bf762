# %% [markdown]
# # Lab of chapter 2: where gradients vanish
#
# Backpropagate once through a net of 30 layers and look at the size of the gradient in each.

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
# ## Change the activation and the initialisation
#
# Which combinations have a factor per layer near 1? Which of them move when you change `width`?

# %%
for activation in (sigmoid, tanh, relu):
    for variance in (xavier, he, standard):
        print(f"{activation.__name__:8s} {variance.__name__:9s} {factor_per_layer(activation, variance):.4f}")

# %% [markdown]
# ## Check the product of the chain rule
#
# For a single chain, $\partial E/\partial w_1$ by the product formula and by the central difference. Do larger `weights` make it larger or smaller?

# %%
weights = np.array([0.5, -1.2, 2.0, 0.7])
x, target = 0.8, 1.0
print("product           :", chain_gradient(x, weights, target))
print("central difference:", central_difference(lambda w: chain_loss(x, [w, *weights[1:]], target), weights[0], 1e-5))
