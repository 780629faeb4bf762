"""Random numbers that are the same in Python and in a browser, so that one can be held against the other.

Sources: mulberry32, T. Ettinger 2017 (public domain); Box & Muller 1958, "A Note on the Generation of Random
Normal Deviates", Ann. Math. Stat. 29.
"""

import numpy as np


# --8<-- [start:uniform]
def uniform(seed, count):
    """`count` numbers in [0, 1), each a hash of a counter that begins at `seed`; array of shape (count,)."""
    a = (seed + 0x6D2B79F5 * np.arange(1, count + 1, dtype=np.uint64)).astype(np.uint32)
    t = (a ^ (a >> 15)) * (a | 1)
    t = (t + (t ^ (t >> 7)) * (t | 61)) ^ t
    return (t ^ (t >> 14)) / 2**32
# --8<-- [end:uniform]


# --8<-- [start:normal]
def normal(seed, count):
    """`count` numbers from N(0, 1): a uniform pair gives a radius √(−2 ln(1 − u)) and an angle 2πv."""
    u, v = uniform(seed, count + count % 2).reshape(-1, 2).T
    radius, angle = np.sqrt(-2 * np.log(1 - u)), 2 * np.pi * v
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:count]
# --8<-- [end:normal]
