"""Tables for tests: small ones by hand, and Hypothesis strategies for any."""

import hashlib

import polars as pl
from hypothesis import settings
from hypothesis import strategies as st

from datasets.store import canonical, schema
from datasets.store.schema import Tables

CLASSES = ["bird", "cat", "dog"]
Box = tuple[str, str, float, float, float, float]  # image, class, x, y, w, h

laws = settings(max_examples=40, deadline=None)  # a busy machine is no broken law


def asset(name: str) -> str:
    """Return the hash, in hex, of the image called `name`."""
    return hashlib.sha256(name.encode()).hexdigest()


def tables(images: str, *boxes: Box, **more: list[object]) -> Tables:
    """Return tables of one-letter images and boxes, with further annotation columns."""
    assets = pl.DataFrame(
        {
            "asset": [asset(name) for name in images],
            "format": ["jpeg"] * len(images),
            "width": [640] * len(images),
            "height": [480] * len(images),
            "bytes": [1000] * len(images),
            "file_name": [f"{name}.jpg" for name in images],
        },
        schema_overrides={"asset": pl.String, "file_name": pl.String, "format": pl.String},
    )
    types = {"asset": pl.String, "class_name": pl.String, **dict.fromkeys(["x", "y", "w", "h"], pl.Float32)}
    columns = [pl.Series(name, values) for name, values in more.items()]
    rows = pl.DataFrame([(asset(box[0]), *box[1:]) for box in boxes], schema=types, orient="row").with_columns(columns)
    return canonical.canonical(schema.from_rows(assets, rows))


def names(found: Tables, among: str = "abcdefghij") -> str:
    """Return the letters of the images in `found`."""
    held = set(found.hex())
    return "".join(name for name in among if asset(name) in held)


coordinates = st.integers(0, 40).map(lambda value: value * 2.5)
sides = st.integers(1, 40).map(lambda value: value * 1.5)
scores = st.none() | st.sampled_from([0.25, 0.5])


@st.composite
def any_tables(draw: st.DrawFn, among: str = "abcdef") -> Tables:
    """Draw tables over images of a small alphabet, so that two of them often share some."""
    images = "".join(draw(st.sets(st.sampled_from(among))))
    if not images:
        return tables("")
    box = st.tuples(st.sampled_from(images), st.sampled_from(CLASSES), coordinates, coordinates, sides, sides)
    boxes = draw(st.lists(box, max_size=8))
    size = len(boxes)
    return tables(
        images,
        *boxes,
        score=draw(st.lists(scores, min_size=size, max_size=size)),
        difficult=draw(st.lists(st.booleans(), min_size=size, max_size=size)),
    )


def same(left: Tables, right: Tables) -> bool:
    """Tell whether two canonical tables hold the same rows."""
    return (
        left.class_names == right.class_names
        and left.assets.equals(right.assets)
        and left.annotations.equals(right.annotations)
    )
