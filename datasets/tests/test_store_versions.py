"""Versions on disk: published whole or not at all, named by their content, and read back as written."""

import errno
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import files
from datasets.store import canonical, layout, reader, schema, writer
from datasets.store.reader import UnknownSchemaError
from datasets.store.schema import InvalidTablesError, Tables
from datasets.tests.tables import CLASSES, any_tables, asset, laws, same, tables

ONE = ("a", "cat", 1, 1, 5, 5)
SEVERAL = tables("abcd", ONE, ("a", "cat", 9, 9, 5, 5), ("b", "dog", 1, 1, 5, 5), ("c", "cat", 2, 2, 5, 5))


def shuffled(one: Tables, data: st.DataObject) -> Tables:
    """Return the same rows in another order, with the classes numbered otherwise and a class that nothing uses."""
    order = data.draw(st.permutations(range(one.assets.height)))
    names = data.draw(st.permutations([*one.class_names, "unused"]))
    rows = [order.index(row) for row in one.annotations["asset_row"]]
    codes = [names.index(one.class_names[code]) for code in one.annotations["class_code"]]
    annotations = one.annotations.with_columns(
        pl.Series("asset_row", rows, dtype=pl.UInt32), pl.Series("class_code", codes, dtype=pl.UInt16)
    )
    turned = data.draw(st.permutations(range(annotations.height)))
    return Tables(one.assets[order], annotations[turned], tuple(names))


@laws
@given(any_tables(), st.data())
def test_the_order_of_rows_and_classes_does_not_matter(one: Tables, data: st.DataObject) -> None:
    again = canonical.canonical(shuffled(one, data))
    assert same(again, one)
    assert canonical.content_id(again) == canonical.content_id(one)


@laws
@given(any_tables(), any_tables())
def test_content_ids_are_equal_exactly_for_equal_rows(one: Tables, two: Tables) -> None:
    assert (canonical.content_id(one) == canonical.content_id(two)) == same(one, two)


@laws
@given(any_tables())
def test_the_scan_for_order_agrees_with_sorting(one: Tables) -> None:
    reversed_rows = one.annotations.reverse()
    resorted = reversed_rows.sort(reversed_rows.columns, nulls_last=False)
    assert canonical.is_sorted(resorted)
    assert canonical.is_sorted(reversed_rows) == reversed_rows.equals(resorted)


def test_content_ids_do_not_change_between_releases() -> None:
    assert canonical.content_id(SEVERAL) == "8ce4359bfa29f5c22c860b587fd0ff64249122f940e013d19e22039cb6b4b4b3"


def test_a_version_reads_back_as_written(tmp_path: Path) -> None:
    written = writer.write_version(tmp_path, SEVERAL)
    assert written.path == tmp_path / "versions" / written.content_id
    assert same(reader.load(written.path), SEVERAL)
    assert reader.stats(written.path) == written.stats
    found = reader.manifest(written.path)
    assert (found.content_id, found.asset_count, found.annotation_count) == (written.content_id, 4, 4)
    assert found.class_names == ("cat", "dog")
    assert sorted(path.name for path in written.path.iterdir()) == [
        "annotations.parquet",
        "assets.parquet",
        "index.bin",
        "manifest.json",
        "stats.json",
    ]


def test_equal_content_is_written_once(tmp_path: Path) -> None:
    first = writer.write_version(tmp_path, SEVERAL)
    before = (first.path / layout.MANIFEST).stat().st_mtime_ns
    assert writer.write_version(tmp_path, SEVERAL) == first
    assert (first.path / layout.MANIFEST).stat().st_mtime_ns == before
    assert not list((tmp_path / "tmp").iterdir())


def test_an_empty_version_is_a_version(tmp_path: Path) -> None:
    written = writer.write_version(tmp_path, schema.empty())
    assert written.stats["asset_count"] == written.stats["annotation_count"] == 0
    assert reader.page(written.path).items == []
    assert reader.page(written.path, classes=["cat"]).total == 0
    assert reader.load(written.path).assets.height == 0


def test_a_disk_that_refuses_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "sync_tree", refuse)
    with pytest.raises(OSError, match="No space"):
        writer.write_version(tmp_path, SEVERAL)
    assert not (tmp_path / "versions").exists()
    assert not list((tmp_path / "tmp").iterdir())


def test_a_version_of_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = writer.write_version(tmp_path, SEVERAL).path / layout.MANIFEST
    path.write_bytes(path.read_bytes().replace(b'"schema_version": 1', b'"schema_version": 99'))
    with pytest.raises(UnknownSchemaError):
        reader.load(path.parent)


@pytest.mark.parametrize(
    ("column", "value"), [("asset_row", 4), ("class_code", 2), ("x", float("nan")), ("score", float("inf"))]
)
def test_rows_that_break_the_schema_are_refused(tmp_path: Path, column: str, value: float) -> None:
    wrong = SEVERAL.annotations.with_columns(pl.lit(value).cast(schema.ANNOTATIONS[column]).alias(column))
    with pytest.raises(InvalidTablesError):
        writer.write_version(tmp_path, Tables(SEVERAL.assets, wrong, SEVERAL.class_names))


def test_an_asset_listed_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTablesError):
        writer.write_version(tmp_path, tables("aa"))


def test_statistics_count_boxes_images_and_sizes() -> None:
    stats = msgspec.json.decode(msgspec.json.encode(writer.statistics.statistics(SEVERAL)))
    assert stats["class_counts"] == {"cat": 3, "dog": 1}
    assert stats["class_asset_counts"] == {"cat": 2, "dog": 1}
    assert (stats["asset_count"], stats["annotation_count"], stats["empty_asset_count"]) == (4, 4, 1)
    assert stats["annotations_per_asset"]["counts"][:3] == [1, 2, 1]
    assert stats["image_sizes"] == [[640, 480, 4]]
    assert stats["coco_areas"] == {"small": 4, "medium": 0, "large": 0}
    assert sum(stats["box_sizes"]["counts"]) == sum(stats["box_aspects"]["counts"]) == 4


def test_a_page_holds_the_images_of_a_class_with_all_their_boxes(tmp_path: Path) -> None:
    folder = writer.write_version(tmp_path, SEVERAL).path
    page = reader.page(folder, classes=["dog"])
    assert (page.total, [item.asset for item in page.items]) == (1, [asset("b")])
    [item] = page.items
    assert (item.file_name, item.format, item.width, item.height, item.bytes) == ("b.jpg", "jpeg", 640, 480, 1000)
    assert [(box.class_name, box.x, box.w, box.score, box.kind) for box in item.boxes] == [("dog", 1, 5, None, "box")]
    assert reader.page(folder, unannotated=True).items[0].asset == asset("d")
    assert reader.page(folder, classes=["horse"]).total == 0
    assert reader.page(folder, offset=99).items == []


def test_images_are_found_by_their_hashes(tmp_path: Path) -> None:
    folder = writer.write_version(tmp_path, SEVERAL).path
    order = [item.asset for item in reader.page(folder).items]
    found = reader.asset(folder, order[1])
    assert found is not None
    assert found.asset == order[1]
    assert reader.asset(folder, "0" * 64) is None
    assert [item.asset for item in reader.assets(folder, [order[2], "0" * 64, order[0]])] == [order[2], order[0]]


@laws
@given(
    any_tables("abcdefghij"),
    st.sets(st.sampled_from(CLASSES)),
    st.sets(st.sampled_from(CLASSES)),
    st.integers(0, 4),
    st.integers(1, 4),
)
def test_pages_are_what_a_filter_of_the_tables_gives(
    tmp_path_factory: pytest.TempPathFactory, one: Tables, classes: set[str], without: set[str], offset: int, limit: int
) -> None:
    folder = writer.write_version(tmp_path_factory.mktemp("root"), one).path
    held = dict.fromkeys(one.hex())
    rows = schema.to_rows(one)
    wanted = [
        name
        for name in held
        if (not classes or classes & set(rows.filter(pl.col("asset") == name)["class_name"]))
        and not without & set(rows.filter(pl.col("asset") == name)["class_name"])
    ]
    page = reader.page(folder, classes=sorted(classes), without=sorted(without), offset=offset, limit=limit)
    assert page.total == len(wanted)
    assert [item.asset for item in page.items] == wanted[offset : offset + limit]
    for item in page.items:
        expected = rows.filter(pl.col("asset") == item.asset).select("class_name", "x", "y", "w", "h", "score").rows()
        assert [box[:6] for box in item.boxes] == expected
