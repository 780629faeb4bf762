"""Li et al. 2018, §4 and §6: filter-normalised planes through a trained net, point by point."""

import numpy as np


def normalised(direction, weights):
    """d ← d ‖w‖/‖d‖, filter by filter; both are lists of arrays whose first axis runs over filters."""
    result = []
    for d, w in zip(direction, weights, strict=True):
        scaled = np.empty_like(d)
        for i in range(len(d)):
            scaled[i] = d[i] * np.sqrt((w[i] ** 2).sum() / (d[i] ** 2).sum())
        result.append(scaled)
    return result


def surface(loss, weights, first, second, grid):
    """loss(w + αd₁ + βd₂) on the grid, α by rows."""
    return np.array([[loss([w + a * d + b * e for w, d, e in zip(weights, first, second, strict=True)]) for b in grid] for a in grid])


def share_not_convex(E, step, threshold):
    """The share of inner points whose 2 × 2 Hessian of central differences has λmin < −threshold · |λmax|."""
    rows, columns = E.shape
    found = []
    for i in range(1, rows - 1):
        for j in range(1, columns - 1):
            aa = (E[i + 1, j] - 2 * E[i, j] + E[i - 1, j]) / step**2
            bb = (E[i, j + 1] - 2 * E[i, j] + E[i, j - 1]) / step**2
            ab = (E[i + 1, j + 1] - E[i + 1, j - 1] - E[i - 1, j + 1] + E[i - 1, j - 1]) / (4 * step**2)
            smallest, largest = np.linalg.eigvalsh([[aa, ab], [ab, bb]])
            found.append(smallest < -threshold * abs(largest))
    return sum(found) / len(found)


def minima(E):
    """How many inner points lie below each of their eight neighbours."""
    count = 0
    for i in range(1, E.shape[0] - 1):
        for j in range(1, E.shape[1] - 1):
            around = [E[i + di, j + dj] for di in (-1, 0, 1) for dj in (-1, 0, 1) if (di, dj) != (0, 0)]
            count += all(E[i, j] < other for other in around)
    return count
