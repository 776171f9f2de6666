"""Import of Pascal VOC: layouts, coordinates, and every fault by its file and reason."""

from pathlib import Path

import pytest

from datasets.formats import importing
from datasets.formats.faults import Reason
from datasets.formats.importing import Imported
from datasets.store import canonical, schema, writer
from datasets.store.assets import AssetStore
from datasets.tests.packages import make_folder, make_zip, picture, voc, voc_object


def take(path: Path, root: Path, **options: object) -> Imported:
    with importing.open_draft(path, inclusive=bool(options.pop("inclusive", False))) as draft:
        return draft.store(AssetStore(root), **options)


def boxes(imported: Imported) -> list[tuple[object, ...]]:
    rows = schema.to_rows(canonical.canonical(imported.tables))
    return rows.select("class_name", "x", "y", "w", "h").rows()


def faults(imported: Imported) -> list[tuple[str, str]]:
    return [(fault.file, str(fault.reason)) for fault in imported.faults]


def notices(imported: Imported) -> list[tuple[str, str]]:
    return [(fault.file, str(fault.reason)) for fault in imported.notices]


def test_the_blood_cells_come_in_whole_but_for_two_boxes(bccd: Path, tmp_path: Path) -> None:
    imported = take(bccd, tmp_path)
    written = writer.write_version(tmp_path, imported.tables)
    assert written.stats["asset_count"] == 364
    assert written.stats["annotation_count"] == 4886
    assert written.stats["class_counts"] == {"Platelets": 361, "RBC": 4153, "WBC": 372}
    assert [(fault.file, fault.reason, fault.object) for fault in imported.faults] == [
        ("annotations/BloodImage_00338.xml", Reason.EMPTY_BOX, 13),
        ("annotations/BloodImage_00343.xml", Reason.EMPTY_BOX, 4),
    ]
    assert imported.notices == []


@pytest.mark.parametrize(
    ("images", "annotations"),
    [
        ("images", "annotations"),
        ("JPEGImages", "Annotations"),
        ("any/deep/images", "any/deep/gt"),
        ("flat", "flat"),
        ("VOC2007/JPEGImages", "VOC2007/Annotations"),
    ],
)
@pytest.mark.parametrize("make", [make_folder, make_zip])
def test_every_layout_is_found(tmp_path: Path, images: str, annotations: str, make: object) -> None:
    files = {
        f"{images}/a.jpg": picture(1),
        f"{images}/b.jpg": picture(2),
        f"{annotations}/a.xml": voc(voc_object()),
        "ImageSets/Main/train.txt": b"a\n",
        "splits/val.txt": b"b\n",
    }
    imported = take(make(tmp_path / "package.zip", files), tmp_path / "root")
    assert boxes(imported) == [("cat", 10, 10, 40, 30)]
    assert sorted(imported.tables.assets["file_name"]) == ["a.jpg", "b.jpg"]
    assert imported.faults == []


def test_masks_beside_the_images_are_not_images(tmp_path: Path) -> None:
    files = {"V/JPEGImages/a.jpg": picture(1), "V/SegmentationClass/a.png": picture(2, form="PNG")}
    assert take(make_folder(tmp_path / "p", files), tmp_path).tables.assets.height == 1


def test_predictions_are_not_ground_truth(tmp_path: Path) -> None:
    files = {"images/a.jpg": picture(1), "pred/a.xml": voc(voc_object())}
    assert take(make_folder(tmp_path / "p", files), tmp_path).tables.annotations.height == 0


def test_inclusive_boxes_are_a_pixel_longer(tmp_path: Path) -> None:
    files = {"images/a.jpg": picture(1), "gt/a.xml": voc(voc_object(box=(10, 10, 50, 40)))}
    assert boxes(take(make_folder(tmp_path / "p", files), tmp_path, inclusive=True)) == [("cat", 10, 10, 41, 31)]


def test_what_else_is_said_of_an_object_is_kept(tmp_path: Path) -> None:
    more = (
        "<difficult>1</difficult><truncated>1</truncated><pose>Left</pose><confidence>0.5</confidence>"
        "<box_quality>0.75</box_quality><tags><colour>red</colour></tags>"
        "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>"
    )
    files = {"images/a.jpg": picture(1), "gt/a.xml": voc(voc_object(more=more))}
    row = take(make_folder(tmp_path / "p", files), tmp_path).tables.annotations.row(0, named=True)
    assert (row["difficult"], row["truncated"], row["score"], row["quality"]) == (True, True, 0.5, 0.75)
    assert row["attributes"] == '{"pose":"Left","colour":"red"}'
    assert (row["x"], row["w"]) == (10, 40)


def test_tags_of_the_image_are_kept(tmp_path: Path) -> None:
    files = {"images/a.jpg": picture(1), "gt/a.xml": voc("<cks><camera>3</camera></cks>")}
    assert take(make_folder(tmp_path / "p", files), tmp_path).tables.assets["attributes"][0] == '{"camera":"3"}'


BROKEN_OBJECTS = [
    (voc_object(box=(10, 10, 10, 40)), Reason.EMPTY_BOX),
    (voc_object(box=(50, 10, 10, 40)), Reason.EMPTY_BOX),
    (voc_object(box=("nan", 10, 50, 40)), Reason.NOT_FINITE),
    (voc_object(box=(10, 10, "inf", 40)), Reason.NOT_FINITE),
    (voc_object(box=("ten", 10, 50, 40)), Reason.INVALID_BOX),
    (voc_object(box=(500, 10, 550, 40)), Reason.OUTSIDE),
    (voc_object(box=(-50, -10, -1, -2)), Reason.OUTSIDE),
    ("<object><name>cat</name></object>", Reason.NO_BOX),
    (voc_object(name=""), Reason.NO_CLASS),
    (voc_object(name="a;b"), Reason.REFUSED_CLASS),
    (voc_object(name="x" * 65), Reason.REFUSED_CLASS),
    (voc_object(name="a\tb"), Reason.REFUSED_CLASS),
    (voc_object(name="a,b"), Reason.REFUSED_CLASS),
    (voc_object(box=(0, 0, "1e300", 9)), Reason.NOT_FINITE),
    (voc_object().replace("</bndbox>", "<rotate_angle>inf</rotate_angle></bndbox>"), Reason.NOT_FINITE),
]


@pytest.mark.parametrize(("broken", "reason"), BROKEN_OBJECTS, ids=range(len(BROKEN_OBJECTS)))
def test_a_broken_object_is_named_and_the_rest_comes_in(tmp_path: Path, broken: str, reason: Reason) -> None:
    files = {"images/a.jpg": picture(1), "gt/a.xml": voc(voc_object(), broken)}
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert faults(imported) == [("gt/a.xml", reason)]
    assert boxes(imported) == [("cat", 10, 10, 40, 30)]


def test_a_box_partly_outside_is_clipped_with_a_notice(tmp_path: Path) -> None:
    files = {"images/a.jpg": picture(1), "gt/a.xml": voc(voc_object(box=(-5, 10, 50, 200)))}
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert boxes(imported) == [("cat", 0, 10, 50, 70)]
    assert notices(imported) == [("gt/a.xml", Reason.CLIPPED)]
    assert imported.faults == []


LAUGHS = '<!DOCTYPE annotation [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
BROKEN_FILES = [
    (b"<annotation><object></annotation>", Reason.MALFORMED_XML),
    (b"", Reason.MALFORMED_XML),
    (b"not xml", Reason.MALFORMED_XML),
    (b"<project/>", Reason.MALFORMED_XML),
    (voc(voc_object("&b;"), head=LAUGHS), Reason.ENTITIES),
    (voc(voc_object("caf\xe9")).decode().encode("latin-1"), Reason.ENCODING),
    (b'<?xml version="1.0" encoding="klingon"?>' + voc(), Reason.ENCODING),
    (b'<?xml version="1.0" encoding="undefined"?>' + voc(), Reason.ENCODING),
    (b'<?xml version="1.0" encoding="unicode_escape"?>' + voc("\\ud800"), Reason.ENCODING),
]


@pytest.mark.parametrize(("content", "reason"), BROKEN_FILES, ids=range(len(BROKEN_FILES)))
def test_a_broken_file_is_named_and_the_rest_comes_in(tmp_path: Path, content: bytes, reason: Reason) -> None:
    files = {"images/a.jpg": picture(1), "images/b.jpg": picture(2), "gt/a.xml": content, "gt/b.xml": voc(voc_object())}
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert faults(imported) == [("gt/a.xml", reason)]
    assert imported.faults[0].line
    assert imported.tables.assets.height == 2
    assert imported.tables.annotations.height == 1


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "iso-8859-1", "windows-1252"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    name = "猫" if encoding in {"gbk", "utf-16"} else "café"
    head = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    files = {"images/a.jpg": picture(1), "gt/a.xml": voc(voc_object(name), head=head).decode().encode(encoding)}
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert faults(imported) == []
    assert imported.tables.class_names == (name,)


def test_an_annotation_without_image_is_a_fault_and_an_image_without_annotation_is_none(tmp_path: Path) -> None:
    files = {"images/a.jpg": picture(1), "gt/b.xml": voc(voc_object())}
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert faults(imported) == [("gt/b.xml", Reason.WITHOUT_IMAGE)]
    assert imported.tables.assets.height == 1


def test_the_declared_file_name_finds_the_image_when_the_stem_does_not(tmp_path: Path) -> None:
    files = {"images/a.jpg": picture(1), "gt/0001.xml": voc(voc_object(), filename="C:\\pictures\\a.jpg")}
    assert faults(take(make_folder(tmp_path / "p", files), tmp_path)) == []


def test_one_stem_in_two_folders_goes_by_place(tmp_path: Path) -> None:
    files = {
        "day/images/1.jpg": picture(1),
        "night/images/1.jpg": picture(2),
        "day/annotations/1.xml": voc(voc_object("sun")),
        "night/annotations/1.xml": voc(voc_object("moon")),
    }
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert imported.faults == []
    assert sorted(boxes(imported)) == [("moon", 10, 10, 40, 30), ("sun", 10, 10, 40, 30)]


def test_one_stem_in_two_folders_and_one_annotation_is_ambiguous(tmp_path: Path) -> None:
    files = {"images/x/1.jpg": picture(1), "images/y/1.jpg": picture(2), "gt/1.xml": voc(voc_object())}
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert faults(imported) == [("gt/1.xml", Reason.AMBIGUOUS_NAME)]
    assert imported.tables.assets.height == 2


def test_an_image_annotated_in_two_files_keeps_the_first(tmp_path: Path) -> None:
    files = {
        "images/1.jpg": picture(1),
        "gt/a/1.xml": voc(voc_object("cat")),
        "gt/b/1.xml": voc(voc_object("dog")),
    }
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert faults(imported) == [("gt/b/1.xml", Reason.ANNOTATED_TWICE)]
    assert boxes(imported) == [("cat", 10, 10, 40, 30)]


def test_equal_images_become_one_which_keeps_the_annotations(tmp_path: Path) -> None:
    files = {"images/a.jpg": picture(1), "images/b.jpg": picture(1), "gt/b.xml": voc(voc_object())}
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert notices(imported) == [("images/a.jpg", Reason.DUPLICATE_CONTENT)]
    assert boxes(imported) == [("cat", 10, 10, 40, 30)]
    assert imported.tables.assets["file_name"].to_list() == ["b.jpg"]


def test_a_declared_size_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    size = "<size><width>640</width><height>480</height></size>"
    files = {"images/a.jpg": picture(1), "gt/a.xml": voc(size, voc_object())}
    assert notices(take(make_folder(tmp_path / "p", files), tmp_path)) == [("images/a.jpg", Reason.SIZE_DIFFERS)]


def test_a_declared_size_of_thousands_of_digits_is_passed_over(tmp_path: Path) -> None:
    size = f"<size><width>{'9' * 5000}</width><height>80</height></size>"
    files = {"images/a.jpg": picture(1), "gt/a.xml": voc(size, voc_object(more="<confidence>inf</confidence>"))}
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert (faults(imported), notices(imported)) == ([], [])
    assert imported.tables.annotations["score"].to_list() == [None]


def test_names_in_two_unicode_forms_meet(tmp_path: Path) -> None:
    files = {"images/cafe\u0301.jpg": picture(1), "gt/caf\u00e9.xml": voc(voc_object())}
    assert faults(take(make_folder(tmp_path / "p", files), tmp_path)) == []


def test_a_name_that_is_no_utf8_is_read(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p", {"images/a.jpg": picture(1)})
    Path(str(folder / "images").encode().decode() + "/").joinpath("caf\udce9.jpg").write_bytes(picture(2))
    imported = take(folder, tmp_path)
    assert sorted(imported.tables.assets["file_name"]) == ["a.jpg", "caf\ufffd.jpg"]
