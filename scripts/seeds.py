"""Which seeds an experiment runs with: those that chose its settings, those that its record holds, or some that nobody has seen.

exploration: 0, 1, 2, …        settings are chosen on these
2026 (the edition)             confirmation: derived from the experiment's name, and never used to choose; records hold these
any other number               a block for `make verify SEEDS=…`; `fresh` draws such a number
"""

import hashlib
import os
import secrets

EDITION = "2026"
VARIABLE = "WHY_RESNET_WORKS_SEEDS"  # set by scripts/verify.py alone


class SeedsError(ValueError):
    """The name of a block that is none."""


def block() -> str:
    """The block that measurements take now."""
    return os.environ.get(VARIABLE, EDITION)


def seeds(experiment: str, count: int, of: str | None = None) -> list[int]:
    """`count` seeds of 32 bits for an experiment: SHA-256 of its name, the block and the seed's place in it.

    Raises:
        SeedsError: the block is neither `exploration` nor a number.
    """
    of = of or block()
    if of == "exploration":
        return list(range(count))
    chosen(of)
    return [int.from_bytes(hashlib.sha256(f"{experiment}/{of}/{place}".encode()).digest()[:4], "big") for place in range(count)]


def chosen(asked: str) -> str:
    """The block that somebody asks for: a number, or one drawn where it is `fresh`.

    Raises:
        SeedsError: it is neither.
    """
    if asked == "fresh":
        return str(secrets.randbelow(10**9 - 10**4) + 10**4)  # no year's number
    if not (asked.isascii() and asked.isdecimal()):
        raise SeedsError(f"SEEDS={asked} is no block of seeds: write SEEDS=fresh, or a whole number such as SEEDS=12345")
    return asked
