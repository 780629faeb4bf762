"""What is recorded of nets trained side by side: losses and accuracies, and None for a seed that diverged."""

from scripts.record import Measurements, sampled


def rows(values, alive) -> list:
    """Each seed's entry of a tensor whose first axis runs over the seeds; None where the seed is not alive."""
    return [value if lives else None for value, lives in zip(values.tolist(), alive.tolist(), strict=True)]


def outcome(net, name: str, losses, train, test) -> Measurements:
    """Losses by epoch, (epochs run, seeds), and accuracies on `train` and `test`, (x, labels) with seeds first."""
    from snippets.deep_training import accuracies

    alive = losses[-1].isfinite()
    measured = {
        f"loss_{name}": sampled(rows(losses.T, alive), log=True),
        f"final_loss_{name}": sampled(rows(losses[-1], alive), log=True),
    }
    for part, (x, labels) in (("train", train), ("test", test)):
        reached = rows(accuracies(net, x, labels), alive)
        measured[f"{part}_accuracy_{name}"] = sampled(reached, images=labels.shape[1])
    return measured
