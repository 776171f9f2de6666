"""Which assets of a pool a round may look at, given the rounds before it."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.mining import selection

Positions = npt.NDArray[np.integer[Any]]


class Strategy(StrEnum):
    """How a round's candidates follow from earlier rounds.

    CHUNK: a random block of assets that no round has looked at. UNIQUE: all that no round has chosen. FREE: the whole
    pool every time.
    """

    CHUNK = "chunk"
    UNIQUE = "unique"
    FREE = "free"


def candidates(
    pool: pl.Series,
    strategy: Strategy,
    *,
    earlier_inputs: Sequence[pl.Series] = (),
    earlier_outputs: Sequence[pl.Series] = (),
    exclude: Sequence[pl.Series] = (),
    chunk_size: int = 0,
    seed: int = 0,
) -> Positions:
    """Positions in `pool`, ascending, of the assets to score.

    Args:
        pool: hashes of the assets, as in a version's table; so are the other lists.
        earlier_inputs: what each earlier round scored.
        earlier_outputs: what each earlier round chose.
        exclude: assets that are never candidates, such as the training and validation sets.
        chunk_size: how many at most, for CHUNK. Fewer come when the pool runs out, none when it is used up.

    Raises:
        ValueError: CHUNK without a positive `chunk_size`.
    """
    if strategy is Strategy.CHUNK and chunk_size <= 0:
        raise ValueError("a chunk has at least one asset")
    used = {Strategy.CHUNK: earlier_inputs, Strategy.UNIQUE: earlier_outputs, Strategy.FREE: ()}[strategy]
    free = np.flatnonzero(~among(pool, [*used, *exclude]))
    if strategy is not Strategy.CHUNK:
        return free
    chosen = selection.choose_randomly(pool.gather(free), chunk_size, seed=seed)
    return np.sort(free[chosen])


def among(pool: pl.Series, lists: Sequence[pl.Series]) -> npt.NDArray[np.bool_]:
    """For each asset of `pool`, whether any of `lists` holds it."""
    seen = [listed for listed in lists if len(listed)]
    if not seen:
        return np.zeros(len(pool), dtype=bool)
    together = pl.concat([listed.cast(pool.dtype).rename("asset") for listed in seen]).unique()
    return np.asarray(pool.is_in(together.implode()).to_numpy())
