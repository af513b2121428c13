"""Random numbers that are the same in every language: the twin of `site_assets/widgets/lab/portable.mjs`.

NumPy and PyTorch draw with generators of their own, which no browser has. This one is Chris Doty-Humphrey's sfc32: four
32-bit words and a handful of additions and shifts. What a recipe with `rng = "portable"` draws is what the report's lab
draws.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

POISON, WEIGHTS = 0, 1
"""Streams of a run: which samples are poisoned, and the initial weights."""
ORDERS = 1 << 16
"""The stream of the samples' order in an epoch is this plus the epoch's number, counted from 1."""

_WORD = 0xFFFFFFFF
_INCREMENT = 0x9E3779B9
_WARM_UP = 15


class Portable:
    """One stream of random numbers."""

    def __init__(self, seed: int, stream: int) -> None:
        """Start a stream; streams of the same seed are independent of each other.

        Args:
            seed: 0 to 2**32 - 1.
            stream: 0 to 2**32 - 1.
        """
        self._a, self._b, self._c, self._count = seed & _WORD, stream & _WORD, _INCREMENT, 1
        for _ in range(_WARM_UP):
            self.word()

    def word(self) -> int:
        """A number from 0 to 2**32 - 1."""
        found = (self._a + self._b + self._count) & _WORD
        self._count = (self._count + 1) & _WORD
        self._a = self._b ^ (self._b >> 9)
        self._b = (self._c + (self._c << 3)) & _WORD
        self._c = (((self._c << 21) | (self._c >> 11)) + found) & _WORD
        return found

    def uniform(self, n: int) -> npt.NDArray[np.float64]:
        """Numbers from 0 up to, but not, 1: `(n,)`, each a multiple of 2**-32."""
        return np.array([self.word() for _ in range(n)], dtype=np.float64) / 2**32

    def below(self, end: int) -> int:
        """A number from 0 to `end - 1`; `end` is at most 2**21, so that JavaScript multiplies exactly."""
        return (self.word() * end) >> 32

    def permutation(self, n: int) -> npt.NDArray[np.int64]:
        """The numbers from 0 to `n - 1` in random order, by Fisher and Yates from the end."""
        order = list(range(n))
        for last in range(n - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return np.array(order, dtype=np.int64)
