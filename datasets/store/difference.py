"""Compare two versions: assets that came and went; boxes of the others added, removed, moved, relabelled or edited."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from datasets.store import canonical, operations, schema
from datasets.store.schema import InvalidTablesError, Tables

Change = pl.Enum(["added", "removed", "moved", "relabelled", "edited"])
ADDED, REMOVED, MOVED, RELABELLED, EDITED = Change.categories.to_list()
MIN_IOU = 0.5
GEOMETRY = ["x", "y", "w", "h", "rotation"]
BESIDE = "_after"


@dataclass(frozen=True)
class Difference:
    """What leads from one version to another.

    `added` and `removed` are the assets that came and went, with their annotations. `changed_assets` are rows of the
    later version whose name or attributes changed. `changes` has one row for each changed annotation of an asset that
    both hold: asset (hex), change, iou, and the annotation before and after as structs of schema.to_rows, null where
    there is none.
    """

    added: Tables
    removed: Tables
    changed_assets: pl.DataFrame
    changes: pl.DataFrame

    def counts(self) -> dict[str, int]:
        """Return how many annotations of the assets that both hold changed, by kind of change."""
        found = dict(self.changes.group_by("change").len().iter_rows())
        return {change: found.get(change, 0) for change in Change.categories}


def diff(before: Tables, after: Tables, *, min_iou: float = MIN_IOU) -> Difference:
    """Compare canonical tables.

    Annotations that are equal in all columns are the same. Of the rest of an asset, those that overlap by at least
    `min_iou` are paired, the closest first, and are moved, relabelled (another class) or edited (the same box with
    other values). What is left was removed or added.
    """
    kept, stayed = hold(before, after), hold(after, before)
    old, new = operations.keep(before, kept), operations.keep(after, stayed)
    suspects = ~same_annotations(old, new)
    return Difference(
        added=operations.keep(after, ~stayed),
        removed=operations.keep(before, ~kept),
        changed_assets=new.assets.join(old.assets, on=list(schema.ASSETS), how="anti", nulls_equal=True).sort("asset"),
        changes=compare_annotations(
            schema.to_rows(operations.keep(old, suspects)), schema.to_rows(operations.keep(new, suspects)), min_iou
        ),
    )


def hold(mine: Tables, other: Tables) -> np.ndarray:
    """Tell for each asset of one version whether the other holds it too."""
    held: np.ndarray = mine.assets["asset"].is_in(other.assets["asset"].implode()).to_numpy()
    return held


def same_annotations(old: Tables, new: Tables) -> np.ndarray:
    """Tell for each asset of two versions of the same assets whether all its annotations are equal, by fingerprint."""
    before, after = operations.stacked_fingerprints([old, new])
    same: np.ndarray = before == after
    return same


def compare_annotations(before: pl.DataFrame, after: pl.DataFrame, min_iou: float) -> pl.DataFrame:
    """Return the changes; rows are by schema.to_rows."""
    before, after = leave_equal(before, after)
    old, new = before.with_row_index("old"), after.with_row_index("new")
    pairs = pair(old, new, min_iou)
    olds, news = before.select(before=pl.struct(pl.all())), after.select(after=pl.struct(pl.all()))
    frames = [
        pl.concat([pairs, olds[pairs["old"]], news[pairs["new"]]], how="horizontal").with_columns(
            asset=pl.col("after").struct.field("asset"), change=kind_of_change()
        ),
        old.join(pairs, on="old", how="anti").select(
            "asset", change=pl.lit(REMOVED), before=pl.struct(pl.exclude("old"))
        ),
        new.join(pairs, on="new", how="anti").select("asset", change=pl.lit(ADDED), after=pl.struct(pl.exclude("new"))),
    ]
    columns = ["asset", "change", "iou", "before", "after"]
    frame = pl.concat([frame.with_columns(pl.col("change").cast(Change)) for frame in frames], how="diagonal_relaxed")
    return frame.select(columns).sort("asset", "change", maintain_order=True)


def leave_equal(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Leave out what both have: of n equal rows here and m there, min(n, m) on each side."""
    columns = before.columns
    numbered = [frame.with_columns(_copy=pl.int_range(pl.len()).over(columns)) for frame in (before, after)]
    keys = [*columns, "_copy"]
    old, new = (
        mine.join(other, on=keys, how="anti", nulls_equal=True, maintain_order="left").drop("_copy")
        for mine, other in (numbered, numbered[::-1])
    )
    return old, new


def pair(old: pl.DataFrame, new: pl.DataFrame, min_iou: float) -> pl.DataFrame:
    """Pair annotations of an asset one to one, the closest first; columns old, new, iou."""
    columns = ["asset", "class_name", *GEOMETRY]
    candidates = (
        old.lazy()
        .select("old", *columns)
        .join(new.lazy().select("new", *columns), on="asset", suffix=BESIDE)
        .with_columns(iou=overlap())
        .filter(pl.col("iou") >= min_iou)
        .with_columns(same=pl.col("class_name") == pl.col("class_name" + BESIDE))
        .sort(["iou", "same", "old", "new"], descending=[True, True, False, False])
        .select("old", "new", "iou")
        .collect()
    )
    chosen = [candidates.clear()]
    while candidates.height:
        # a candidate that comes first for both its sides is taken; then those who lost a side are out
        best = candidates.filter(pl.col("old").is_first_distinct() & pl.col("new").is_first_distinct())
        chosen.append(best)
        candidates = candidates.join(best, on="old", how="anti", maintain_order="left")
        candidates = candidates.join(best, on="new", how="anti", maintain_order="left")
    return pl.concat(chosen)


def overlap() -> pl.Expr:
    """Intersection over union of the upright boxes; two without area (tags) overlap wholly when they are the same."""
    sides = []
    for start, length in (("x", "w"), ("y", "h")):
        begin = pl.max_horizontal(start, start + BESIDE)
        end = pl.min_horizontal(pl.col(start) + pl.col(length), pl.col(start + BESIDE) + pl.col(length + BESIDE))
        sides.append((end - begin).clip(0))
    shared = sides[0] * sides[1]
    union = pl.col("w") * pl.col("h") + pl.col("w" + BESIDE) * pl.col("h" + BESIDE) - shared
    return pl.when(union > 0).then(shared / union).otherwise(1.0).cast(pl.Float32)


def kind_of_change() -> pl.Expr:
    """Tell what happened to a pair."""
    before, after = pl.col("before").struct, pl.col("after").struct
    same_place = pl.all_horizontal(before.field(name) == after.field(name) for name in GEOMETRY)
    return (
        pl.when(before.field("class_name") != after.field("class_name"))
        .then(pl.lit(RELABELLED))
        .when(same_place)
        .then(pl.lit(EDITED))
        .otherwise(pl.lit(MOVED))
    )


def apply(before: Tables, difference: Difference) -> Tables:
    """Return the later version, from the earlier and the difference. Raises InvalidTablesError when they do not fit."""
    stays = operations.exclude(before, [difference.removed])
    rows = schema.to_rows(stays)
    gone, come = (difference.changes[side].drop_nulls() for side in ("before", "after"))
    kept, unknown = leave_equal(rows, gone.struct.unnest() if len(gone) else rows.clear())
    if unknown.height or stays.assets.height + difference.removed.assets.height != before.assets.height:
        raise InvalidTablesError("the difference is not from this version")
    changed = difference.changed_assets
    assets = pl.concat([stays.assets.join(changed, on="asset", how="anti"), changed])
    named = assets.with_columns(pl.col("asset").bin.encode("hex"))
    rows = pl.concat([kept, come.struct.unnest() if len(come) else rows.clear()])
    common = canonical.canonical(schema.from_rows(named, rows))
    return operations.merge([common, difference.added], "stop").tables
