"""Exports: what goes out comes in again the same, in every format, to a folder and to a zip."""

import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.formats import exporting, importing
from datasets.formats.exporting import TargetExistsError
from datasets.formats.voc import VocExporter, VocImporter
from datasets.store import canonical, schema
from datasets.store.assets import AssetStore
from datasets.store.schema import Tables
from datasets.tests.packages import make_folder, picture, voc, voc_object

FORMATS = pytest.mark.parametrize("format_name", ["voc", "coco"])
TARGETS = pytest.mark.parametrize("target", ["out.zip", "out"])


def take(path: Path, root: Path, **options: Any) -> Tables:
    with importing.open_draft(path, **options) as draft:
        imported = draft.store(AssetStore(root))
    assert imported.faults == []
    return canonical.canonical(imported.tables)


def make(root: Path, boxes: list[dict[str, Any]]) -> Tables:
    """Store three images and return tables of them with the given annotations."""
    stored = [AssetStore(root).add(picture(colour)) for colour in range(3)]
    assets = pl.DataFrame(
        {
            "asset": [image.asset for image in stored],
            "format": ["jpeg"] * 3,
            "width": [100] * 3,
            "height": [80] * 3,
            "bytes": [image.bytes for image in stored],
            "file_name": ["a.jpg", "deep/b.jpg", "c.jpg"],
        }
    )
    rows = [{**box, "asset": stored[box["asset"]].asset} for box in boxes]
    columns = {"asset": pl.String, "class_name": pl.String} | {
        name: kind for name, kind in schema.ANNOTATIONS.items() if name in (boxes[0] if boxes else {})
    }
    return canonical.canonical(schema.from_rows(assets, pl.DataFrame(rows, schema=columns)))


thirds = st.integers(1, 120).map(lambda value: value / 3)
drawn_box = st.fixed_dictionaries(
    {
        "asset": st.integers(0, 2),
        "class_name": st.sampled_from(["cat", "猫 & <dog>", "red cell"]),
        "x": thirds,
        "y": st.floats(0, 40, width=32),
        "w": st.floats(0.015625, 40, width=32),
        "h": thirds,
        "rotation": st.sampled_from([0.0, 0.5]),
        "score": st.none() | st.floats(0, 1, width=32),
        "quality": st.none() | st.sampled_from([0.5, 1.0]),
        "difficult": st.booleans(),
        "truncated": st.booleans(),
        "attributes": st.none() | st.just('{"colour":"red"}'),
    }
)


@settings(max_examples=25, deadline=None)
@given(st.lists(drawn_box, max_size=6), st.sampled_from(["voc", "coco"]), st.sampled_from(["out.zip", "out"]))
def test_what_goes_out_comes_in_again_the_same(
    tmp_path_factory: pytest.TempPathFactory, boxes: list[dict[str, Any]], format_name: str, target: str
) -> None:
    root = tmp_path_factory.mktemp("root")
    tables = make(root, boxes)
    path = exporting.export(tables, AssetStore(root), root / target, format_name=format_name)
    again = take(path, root / "other", format_name=format_name)
    assert again.annotations.equals(tables.annotations)
    assert again.class_names == tables.class_names
    assert again.assets.equals(tables.assets)


@FORMATS
def test_the_blood_cells_make_the_round_trip(bccd: Path, tmp_path: Path, format_name: str) -> None:
    with importing.open_draft(bccd) as draft:
        tables = canonical.canonical(draft.store(AssetStore(tmp_path)).tables)
    path = exporting.export(tables, AssetStore(tmp_path), tmp_path / "out.zip", format_name=format_name)
    again = take(path, tmp_path)
    assert canonical.content_id(again) == canonical.content_id(tables)


def test_outlines_go_out_and_come_in(tmp_path: Path) -> None:
    box = {"asset": 0, "class_name": "cat", "x": 1, "y": 1, "w": 9, "h": 9, "crowd": True}
    tables = make(tmp_path, [{**box, "kind": "polygon", "shape": "[[1,1,10,1,10,10]]"}])
    path = exporting.export(tables, AssetStore(tmp_path), tmp_path / "out", format_name="coco")
    assert take(path, tmp_path).annotations.equals(tables.annotations)


def test_inclusive_corners_make_the_round_trip(tmp_path: Path) -> None:
    objects = [voc_object(box=(10, 10, 50, 40))]
    tables = take(make_folder(tmp_path / "p", {"images/a.jpg": picture(1), "gt/a.xml": voc(*objects)}), tmp_path)
    sink = exporting.FolderSink(tmp_path / "out", AssetStore(tmp_path))
    VocExporter(inclusive=True).write(tables, ["a.jpg"], sink, lambda _fraction, _phase: None)
    text = (tmp_path / "out" / "Annotations" / "a.xml").read_text()
    assert "<xmax>49</xmax>" in text
    make_folder(tmp_path / "out", {"JPEGImages/a.jpg": picture(1)})
    assert take(tmp_path / "out", tmp_path, inclusive=True).annotations.equals(tables.annotations)
    assert VocImporter().name == "voc"


@FORMATS
@TARGETS
def test_annotations_can_go_without_the_images(tmp_path: Path, format_name: str, target: str) -> None:
    path = tmp_path / target
    exporting.export(make(tmp_path, []), AssetStore(tmp_path), path, format_name=format_name, with_images=False)
    names = zipfile.ZipFile(path).namelist() if path.is_file() else [str(one) for one in path.rglob("*.*")]
    assert names
    assert not [name for name in names if name.endswith(".jpg")]


def test_a_folder_holds_links_and_a_zip_stores_without_compressing(tmp_path: Path) -> None:
    tables, store = make(tmp_path, []), AssetStore(tmp_path)
    exporting.export(tables, store, tmp_path / "out", format_name="voc")
    assert (tmp_path / "out/JPEGImages/deep/b.jpg").stat().st_nlink == 2
    exporting.export(tables, store, tmp_path / "out.zip", format_name="voc")
    info = zipfile.ZipFile(tmp_path / "out.zip").getinfo("JPEGImages/a.jpg")
    assert info.compress_type == zipfile.ZIP_STORED


def test_coco_holds_what_its_readers_need(tmp_path: Path) -> None:
    box = {"asset": 0, "class_name": "cat", "x": 1.1, "y": 1, "w": 9, "h": 9, "score": 0.3}
    exporting.export(make(tmp_path, [box]), AssetStore(tmp_path), tmp_path / "out", format_name="coco")
    content = json.loads((tmp_path / "out/annotations/coco-annotations.json").read_text())
    assert content["categories"] == [{"id": 1, "name": "cat"}]
    assert len(content["images"]) == 3
    [annotation] = content["annotations"]
    assert annotation["bbox"] == [1.1, 1, 9, 9]
    assert (annotation["area"], annotation["iscrowd"], annotation["score"]) == (81, 0, 0.3)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.jpg", "b.jpg"], ["a", "b"]),
        (["x/a.jpg", "y/a.jpg"], ["x/a", "y/a"]),
        (["../../etc/a.jpg", "/b.jpg"], ["etc/a", "b"]),
        (["", "\0?.jpg"], None),
        (["a.jpg", "A.jpg"], None),
    ],
)
def test_exported_names_are_safe_and_told_apart(tmp_path: Path, names: list[str], expected: list[str] | None) -> None:
    tables = make(tmp_path, [])
    assets = tables.assets.head(2).with_columns(pl.Series("file_name", names))
    found = exporting.image_names(Tables(assets, tables.annotations))
    assert len({name.lower() for name in found}) == 2
    assert all(name.endswith(".jpg") and ".." not in name and not name.startswith("/") for name in found)
    if expected:
        assert found == [f"{name}.jpg" for name in expected]


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    target = tmp_path / ("数" * 80 + "-v1-voc.zip")
    assert exporting.export(make(tmp_path, []), AssetStore(tmp_path), target, format_name="voc").is_file()


def test_an_export_does_not_overwrite(tmp_path: Path) -> None:
    with pytest.raises(TargetExistsError):
        exporting.export(make(tmp_path, []), AssetStore(tmp_path), tmp_path, format_name="voc")


@TARGETS
def test_an_export_that_is_broken_off_leaves_nothing(tmp_path: Path, target: str) -> None:
    def stop(_fraction: float, phase: str) -> None:
        if phase == "images":
            raise KeyboardInterrupt

    tables = make(tmp_path / "root", [])
    with pytest.raises(KeyboardInterrupt):
        exporting.export(
            tables, AssetStore(tmp_path / "root"), tmp_path / "to" / target, format_name="coco", progress=stop
        )
    assert not list((tmp_path / "to").iterdir())
