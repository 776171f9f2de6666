"""Import of COCO JSON: order of parts, ids, scores, outlines, and every fault by its file and reason."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.formats import importing, json_stream
from datasets.formats.coco import BrokenAnnotationsError
from datasets.formats.faults import Reason
from datasets.formats.importing import Imported
from datasets.store import canonical, schema
from datasets.store.assets import AssetStore
from datasets.tests.packages import coco, make_folder, make_zip, picture
from datasets.tests.tables import laws

IMAGES = {"images/a.jpg": picture(1), "images/b.jpg": picture(2)}
NAMES = {1: "a.jpg", 2: "b.jpg"}
JSON = "annotations/coco-annotations.json"


def take(path: Path, root: Path, **options: Any) -> Imported:
    with importing.open_draft(path, keep_shapes=options.pop("keep_shapes", True)) as draft:
        return draft.store(AssetStore(root), **options)


def take_json(tmp_path: Path, content: bytes) -> Imported:
    return take(make_folder(tmp_path / "p", {**IMAGES, JSON: content}), tmp_path)


def boxes(imported: Imported) -> list[tuple[object, ...]]:
    rows = schema.to_rows(canonical.canonical(imported.tables))
    return rows.select("class_name", "x", "y", "w", "h").rows()


def faults(imported: Imported) -> list[tuple[str, str]]:
    return [(fault.file, str(fault.reason)) for fault in imported.faults]


@pytest.mark.parametrize("make", [make_folder, make_zip])
@pytest.mark.parametrize(
    "name",
    [JSON, "gt/coco-annotations.json", "annotations/instances_all.json", "_annotations.coco.json", "labels.json"],
)
def test_every_place_of_the_file_is_found(tmp_path: Path, make: Any, name: str) -> None:
    imported = take(make(tmp_path / "p.zip", {**IMAGES, name: coco(NAMES, [{"image_id": 1}])}), tmp_path)
    assert boxes(imported) == [("cat", 10, 10, 40, 30)]
    assert faults(imported) == []
    assert imported.tables.assets.height == 2


def test_other_json_is_passed_over(tmp_path: Path) -> None:
    files = {**IMAGES, "settings.json": b'{"a": 1}', "list.json": b"[1, 2]", JSON: coco(NAMES, [{"image_id": 1}])}
    assert faults(take(make_folder(tmp_path / "p", files), tmp_path)) == []


def test_train_and_val_are_read_together(tmp_path: Path) -> None:
    files = {
        "train2017/1.jpg": picture(1),
        "val2017/1.jpg": picture(2),
        "annotations/instances_train2017.json": coco({1: "1.jpg"}, [{"image_id": 1}]),
        "annotations/instances_val2017.json": coco({1: "1.jpg"}, [{"image_id": 1, "category_id": 2}]),
        "annotations/captions_val2017.json": coco({1: "1.jpg"}, []),
    }
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert faults(imported) == []
    assert sorted(boxes(imported)) == [("cat", 10, 10, 40, 30), ("dog", 10, 10, 40, 30)]


def test_the_parts_may_come_in_any_order(tmp_path: Path) -> None:
    content = json.loads(coco(NAMES, [{"image_id": 2, "category_id": 2}]))
    turned = json.dumps(dict(reversed(content.items()))).encode()
    assert boxes(take_json(tmp_path, turned)) == [("dog", 10, 10, 40, 30)]


def test_ids_may_be_words(tmp_path: Path) -> None:
    content = {
        "images": [{"id": "one", "file_name": "a.jpg"}],
        "categories": [{"id": "c", "name": "cat"}],
        "annotations": [{"image_id": "one", "category_id": "c", "bbox": [10, 10, 40, 30]}],
    }
    assert boxes(take_json(tmp_path, json.dumps(content).encode())) == [("cat", 10, 10, 40, 30)]


def test_score_crowd_and_outlines_are_kept(tmp_path: Path) -> None:
    polygon, runs = [[10, 10, 50, 10, 50, 40]], {"size": [80, 100], "counts": "abc"}
    more = [
        {"image_id": 1, "score": 0.5, "iscrowd": 1, "segmentation": runs, "attributes": {"lit": True}},
        {"image_id": 2, "segmentation": polygon},
        {"image_id": 2, "segmentation": polygon, "bbox": []},
    ]
    rows = schema.to_rows(take_json(tmp_path, coco(NAMES, more)).tables)
    assert rows["kind"].to_list() == ["mask", "polygon", "polygon"]
    assert rows["score"].to_list() == [0.5, None, None]
    assert rows["crowd"].to_list() == [True, False, False]
    assert [json.loads(shape) for shape in rows["shape"]] == [runs, polygon, polygon]
    assert json.loads(rows["attributes"][0]) == {"lit": True}
    assert rows.select("x", "y", "w", "h").row(2) == (10, 10, 40, 30)


def test_outlines_can_be_left_out(tmp_path: Path) -> None:
    content = coco(NAMES, [{"image_id": 1, "segmentation": [[10, 10, 50, 10, 50, 40]]}])
    imported = take(make_folder(tmp_path / "p", {**IMAGES, JSON: content}), tmp_path, keep_shapes=False)
    assert imported.tables.annotations["kind"].to_list() == ["box"]


BROKEN = [
    ({"image_id": 9}, Reason.UNKNOWN_IMAGE),
    ({"image_id": 1, "category_id": 9}, Reason.UNKNOWN_CATEGORY),
    ({"image_id": 1, "id": 1}, Reason.DUPLICATE_ID),
    ({"image_id": 1, "bbox": [10, 10, 0, 30]}, Reason.EMPTY_BOX),
    ({"image_id": 1, "bbox": [10, 10, float("nan"), 30]}, Reason.NOT_FINITE),
    ({"image_id": 1, "bbox": [10, float("-inf"), 40, 30]}, Reason.NOT_FINITE),
    ({"image_id": 1, "bbox": [10, 10, None, 30]}, Reason.NOT_FINITE),
    ({"image_id": 1, "bbox": [500, 10, 40, 30]}, Reason.OUTSIDE),
    ({"image_id": 1, "bbox": [1, 2, 3]}, Reason.NO_BOX),
    ({"image_id": 1, "bbox": None}, Reason.NO_BOX),
    ({"image_id": 1, "bbox": "10 10 40 30"}, Reason.INVALID_OBJECT),
    ({"image_id": None}, Reason.INVALID_OBJECT),
    ({"image_id": 1, "category_id": 3}, Reason.REFUSED_CLASS),
    ({"image_id": 1, "bbox": [0, 0, 1e300, 10]}, Reason.NOT_FINITE),
    ({"image_id": 1, "rotation": 1e300}, Reason.NOT_FINITE),
]


@pytest.mark.parametrize(("item", "reason"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_annotation_is_named_and_the_rest_comes_in(
    tmp_path: Path, item: dict[str, Any], reason: Reason
) -> None:
    good = {"image_id": 1}
    imported = take_json(tmp_path, coco(NAMES, [good, item, good], {1: "cat", 2: "dog", 3: "a;b"}))
    assert faults(imported) == [(JSON, reason)]
    assert len(boxes(imported)) == 2


def test_an_image_that_is_missing_is_named(tmp_path: Path) -> None:
    imported = take_json(tmp_path, coco({1: "a.jpg", 7: "z.jpg"}, [{"image_id": 7}, {"image_id": 1}]))
    assert [(fault.reason, fault.detail, fault.object) for fault in imported.faults] == [
        (Reason.WITHOUT_IMAGE, "z.jpg", 7)
    ]
    assert imported.tables.assets.height == 2
    assert len(boxes(imported)) == 1


def test_repeated_image_and_category_ids_are_named(tmp_path: Path) -> None:
    content = json.loads(coco(NAMES, [{"image_id": 1}]))
    content["images"].append({"id": 1, "file_name": "b.jpg"})
    content["categories"].append({"id": 1, "name": "horse"})
    imported = take_json(tmp_path, json.dumps(content).encode())
    assert [fault.reason for fault in imported.faults] == [Reason.DUPLICATE_ID] * 2
    assert boxes(imported) == [("cat", 10, 10, 40, 30)]


def test_two_categories_of_one_name_are_one_class(tmp_path: Path) -> None:
    more = [{"image_id": 1, "category_id": 1}, {"image_id": 2, "category_id": 2}]
    assert take_json(tmp_path, coco(NAMES, more, {1: "cat", 2: "cat"})).tables.class_names == ("cat",)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.99])
def test_a_file_that_ends_early_stops_the_import_and_nothing_is_stored(tmp_path: Path, cut: float) -> None:
    content = json.dumps(json.loads(coco(NAMES, [{"image_id": 1}] * 20)), indent=1).encode()
    with pytest.raises(BrokenAnnotationsError) as caught:
        take_json(tmp_path, content[: int(len(content) * cut)])
    fault = caught.value.fault
    assert (fault.file, fault.reason) == (JSON, Reason.MALFORMED_JSON)
    assert fault.line
    assert not (tmp_path / "assets").exists()


def test_malformed_json_is_located_by_line(tmp_path: Path) -> None:
    content = coco(NAMES, [{"image_id": 1}] * 3)
    lines = json.dumps(json.loads(content), indent=1).splitlines()
    number = next(n for n, line in enumerate(lines, 1) if '"image_id"' in line)
    lines[number - 1] = '"image_id" 1,'
    with pytest.raises(BrokenAnnotationsError) as caught:
        take_json(tmp_path, "\n".join(lines).encode())
    assert caught.value.fault.line == number


@pytest.mark.parametrize("nested", [b"[" * 5000 + b"]" * 5000, b'"\xff"'])
def test_what_no_decoder_takes_is_told_or_passed_over(tmp_path: Path, nested: bytes) -> None:
    content = coco(NAMES, [{"image_id": 1}]).replace(b'"iscrowd": 0', b'"iscrowd": 0, "segmentation": ' + nested)
    if nested.startswith(b"["):
        with pytest.raises(BrokenAnnotationsError, match="nested too deeply"):
            take_json(tmp_path, content)
    else:
        assert len(boxes(take_json(tmp_path, content))) == 1


def test_ids_and_scores_beyond_all_sense_are_survived(tmp_path: Path) -> None:
    imported = take_json(tmp_path, coco(NAMES, [{"image_id": 1, "id": 10**30, "score": 1e300}]))
    assert len(boxes(imported)) == 1
    assert imported.tables.annotations["score"].to_list() == [None]


def test_a_damaged_file_in_a_zip_stops_the_import_and_nothing_is_stored(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", {JSON: coco(NAMES, [{"image_id": 1}]), **IMAGES})
    damaged = bytearray(path.read_bytes())
    damaged[100:120] = b"\xff" * 20
    path.write_bytes(damaged)
    with pytest.raises(BrokenAnnotationsError) as caught:
        take(path, tmp_path)
    assert (caught.value.fault.file, caught.value.fault.reason) == (JSON, Reason.UNREADABLE)
    assert not (tmp_path / "assets").exists()


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    assert faults(take_json(tmp_path, b"\xef\xbb\xbf" + coco(NAMES, [{"image_id": 1}]))) == []


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('ab"\\[]{},: \n')),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.sampled_from('k"\\[{'), max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@laws
@given(
    st.dictionaries(st.sampled_from(["info", "images", "annotations", "x"]), values, max_size=4),
    st.integers(1, 40),
    st.sampled_from([None, 1]),
)
def test_the_stream_yields_what_the_whole_file_holds(content: dict[str, Any], piece: int, indent: int | None) -> None:
    keys = frozenset({"images", "annotations"})
    found: dict[str, list[Any]] = {key: [] for key, value in content.items() if key in keys and isinstance(value, list)}
    text = json.dumps(content, indent=indent).encode()
    for batch in json_stream.arrays(io.BytesIO(text), keys, piece):
        found[batch.key].extend(json.loads(batch.data))
    assert found == {key: value for key, value in content.items() if key in found}


@laws
@given(st.lists(values, max_size=5), st.integers(1, 40))
def test_a_list_at_the_top_is_streamed_too(content: list[Any], piece: int) -> None:
    found: list[Any] = []
    for batch in json_stream.arrays(io.BytesIO(json.dumps(content).encode()), frozenset(), piece):
        found.extend(json.loads(batch.data))
    assert found == content
