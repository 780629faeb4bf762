"""The branches' Jacobians in a net as it is, and what a gradient meets on its way back through them."""

import torch


# --8<-- [start:jacobians]
def branch_jacobians(net, x):
    """Jₗ = α Wₗ diag(ReLU′(zₗ₋₁)) of every block of a `Residual` net of ReLUs, and z_L; x is (seeds, batch, inputs).

    Each Jₗ is (seeds, batch, width, width): it depends on the input.
    """
    jacobians = []
    with torch.no_grad():
        z = net.layers[0](x)
        for layer in net.layers[1:]:
            jacobians.append(net.scale * layer.weight[:, None] * (z > 0)[:, :, None, :])
            z = torch.add(z, net.branch(layer, z), alpha=net.scale)
    return jacobians, z
# --8<-- [end:jacobians]


# --8<-- [start:steps]
def steps(jacobians, gradient):
    """Sent back through the blocks, a `gradient` g becomes g + g Jₗ: the sizes ‖g Jₗ‖ / ‖g‖, their cosines, the gradient at last.

    `gradient` is (…, n), Jₗ (…, n, n); sizes and cosines are (L, …), the last block first. A step of size 0 has the cosine 0.
    """
    sizes, cosines = [], []
    for J in reversed(jacobians):
        step = (gradient.unsqueeze(-2) @ J).squeeze(-2)
        size, length = gradient.norm(dim=-1), step.norm(dim=-1)
        sizes.append(length / size)
        cosines.append((step * gradient).sum(-1) / (length * size).clamp(min=torch.finfo(size.dtype).tiny))
        gradient = gradient + step
    return torch.stack(sizes), torch.stack(cosines), gradient
# --8<-- [end:steps]
