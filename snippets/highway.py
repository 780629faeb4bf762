"""Many layers without residual blocks: highway networks, and plain nets with well-chosen initial weights.

Sources: Srivastava et al. 2015, "Training Very Deep Networks", §2 (gates and their bias); Saxe et al. 2014,
"Exact solutions to the nonlinear dynamics of learning" (orthogonal weights); Balduzzi et al. 2017, "The
Shattered Gradients Problem", §4 (looks-linear).
"""

import torch
from torch import nn

from snippets.activations import sigmoid
from snippets.networks import Linear, Plain


# --8<-- [start:highway]
class Highway(Plain):
    """xₗ = T · H + (1 − T) · xₗ₋₁, with H = φ(Wₗ xₗ₋₁ + bₗ) and the gate T = σ(Vₗ xₗ₋₁ + cₗ), for l ≥ 2.

    All c begin at `gate_bias`: a negative one closes the gates, and every layer starts near the identity.
    """

    def __init__(self, inputs, width, classes, depth, activation, variance, generators, gate_generators, gate_bias):
        super().__init__(inputs, width, classes, depth, activation, variance, generators)
        self.gates = nn.ModuleList(
            Linear(width, width, variance(width, width), gate_generators) for _ in self.layers[1:]
        )
        for gate in self.gates:
            nn.init.constant_(gate.bias, gate_bias)

    def forward(self, x):
        x = self.activation(self.layers[0](x))
        for layer, gate in zip(self.layers[1:], self.gates, strict=True):
            x = torch.lerp(x, self.activation(layer(x)), torch.sigmoid(gate(x)))
        return self.readout(x)


# --8<-- [end:highway]


# --8<-- [start:carried]
def carried(gate_bias, layers):
    """(1 − σ(b))ᴸ: what the way x alone keeps over L layers while every gate stands at its bias b."""
    return (1 - sigmoid(gate_bias)) ** layers


# --8<-- [end:carried]


# --8<-- [start:isometry]
def make_orthogonal(net):
    """Replace the square weight matrices of a `Plain` net by their orthogonal factors."""
    for layer in net.layers[1:]:
        layer.weight.data = haar(layer.weight.data)
    return net


def haar(W):
    """Q of W = QR, QᵀQ = I, R's diagonal positive: uniform over orthogonal matrices if W is Gaussian.

    Mezzadri 2007, "How to generate random matrices from the classical compact groups", §5.
    """
    Q, R = torch.linalg.qr(W)
    return Q * R.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)


def make_looks_linear(net):
    """Weights [[Q, −Q], [−Q, Q]] with Q orthogonal, first [V; −V], last [R, −R].

    As ReLU(z) − ReLU(−z) = z, such a net is linear at first.
    """
    half = net.readout.weight.shape[-1] // 2
    first, last = net.layers[0].weight.data, net.readout.weight.data
    first[:, half:] = -first[:, :half]
    last[..., half:] = -last[..., :half]
    for layer in net.layers[1:]:
        Q = haar(layer.weight.data[:, :half, :half])
        layer.weight.data = torch.cat([torch.cat([Q, -Q], -1), torch.cat([-Q, Q], -1)], -2)
    return net


# --8<-- [end:isometry]
