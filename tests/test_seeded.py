"""Random numbers: against mulberry32 in whole numbers, and against the laws that they claim."""

import numpy as np
import pytest
from scipy import stats

from snippets.seeded import normal, uniform


def mulberry32(seed: int):
    """The generator as its author wrote it, one 32-bit step after the other."""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) % 2**32
        t = ((state ^ state >> 15) * (1 | state)) % 2**32
        t = ((t + (t ^ t >> 7) * (61 | t)) % 2**32) ^ t
        yield (t ^ t >> 14) / 2**32


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**32 - 1])
def test_uniform_is_mulberry32(seed: int) -> None:
    generator = mulberry32(seed)
    assert uniform(seed, 1000).tolist() == [next(generator) for _ in range(1000)]


def test_uniform_and_normal_follow_their_laws() -> None:
    assert stats.kstest(uniform(3, 100_000), "uniform").pvalue > 0.01
    drawn = normal(3, 100_000)
    assert stats.kstest(drawn, "norm").pvalue > 0.01
    assert abs(np.corrcoef(drawn[::2], drawn[1::2])[0, 1]) < 0.02, "the two of a pair are independent"


def test_fewer_numbers_are_the_first_of_more() -> None:
    assert normal(5, 7).tolist() == normal(5, 100)[:7].tolist()
