"""Streams of random numbers, one for each purpose of a run: weights, batches, planes, noise never share numbers.

Source: O'Neill 2014, "PCG", and NumPy's `SeedSequence`, which hashes a seed and a spawn key into independent streams.
"""

import hashlib

import numpy as np


# --8<-- [start:streams]
class Streams:
    """The streams of one run, a net trained with one seed, each asked for by the name of its purpose.

    The same experiment, seed and purpose give the same numbers, so nets of two kinds can begin with equal weights:
    each kind is a run of its own. Another experiment, seed or purpose gives independent ones.
    """

    def __init__(self, experiment, seed):
        self.experiment, self.seed, self._asked = experiment, int(seed), set()

    def _sequence(self, purpose):
        if purpose in self._asked:
            raise ValueError(f"{self.experiment}, seed {self.seed}: the stream '{purpose}' is taken already: give each purpose its name")
        self._asked.add(purpose)
        return np.random.SeedSequence([*_words(self.experiment), self.seed], spawn_key=_words(purpose))

    def numpy(self, purpose):
        """A `numpy.random.Generator`. Raises ValueError where the run has asked for this purpose before."""
        return np.random.default_rng(self._sequence(purpose))

    def torch(self, purpose):
        """A `torch.Generator`. Raises ValueError where the run has asked for this purpose before."""
        import torch

        return torch.Generator().manual_seed(int(self._sequence(purpose).generate_state(1, np.uint64)[0]))


def _words(name):
    """A name as four numbers of 32 bits."""
    return np.frombuffer(hashlib.sha256(name.encode()).digest()[:16], np.uint32).tolist()


# --8<-- [end:streams]


def streams(experiment, seeds):
    """A run's streams for each seed."""
    return [Streams(experiment, seed) for seed in seeds]
