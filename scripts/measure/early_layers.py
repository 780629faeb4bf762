"""Do the early layers stay where they began? Sigmoid and ReLU nets; each depth and optimiser has its task."""

import math

from scripts.record import Measurements, exact, sampled

SETTINGS = {
    "width": 32,
    "epochs": 30,
    "batch": 64,
    "seeds": 20,
}
OPTIMISERS = {
    "sgd": {"optimiser": "SGD", "learning_rate": 0.1},
    "adam": {"optimiser": "Adam", "learning_rate": 0.003},
}


def measure(settings: dict) -> Measurements:
    import torch

    from snippets import initialisation
    from snippets.digits import digits
    from snippets.networks import Plain
    from snippets.training import seed_losses, train

    x, labels, _, _ = (torch.from_numpy(array) for array in digits())
    x = x.double()  # a deep sigmoid net steps by 1e-8 of a weight: lost to rounding in single precision
    depth, seeds = settings["depth"], range(settings["seeds"])
    variances = {"sigmoid": initialisation.xavier, "relu": initialisation.he}
    optimiser = getattr(torch.optim, settings["optimiser"])
    measured = {"images": exact(len(x)), "chance_loss": exact(math.log(10))}
    for activation, variance in variances.items():
        net = Plain(64, settings["width"], 10, depth, activation, variance, seeds).double()
        began = [layer.weight.detach().clone() for layer in net.layers]
        steps = optimiser(net.parameters(), lr=settings["learning_rate"])
        losses = train(net, steps, x, labels, seeds, settings["epochs"], settings["batch"])
        moved = torch.stack(
            [
                (layer.weight.detach() - start).flatten(1).norm(dim=1) / start.flatten(1).norm(dim=1)
                for layer, start in zip(net.layers, began, strict=True)
            ],
            dim=1,
        )
        with torch.no_grad():
            final = seed_losses(net(x.expand(len(seeds), *x.shape)), labels.expand(len(seeds), -1))
        measured[f"loss_{activation}"] = sampled(losses.T.tolist(), log=True)
        measured[f"final_loss_{activation}"] = sampled(final.tolist(), log=True)
        measured[f"moved_{activation}"] = sampled(moved.tolist(), log=True)
        measured[f"first_layer_moved_{activation}"] = sampled(moved[:, 0].tolist(), log=True)
        measured[f"last_layer_moved_{activation}"] = sampled(moved[:, -1].tolist(), log=True)
    return measured
