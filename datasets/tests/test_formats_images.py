"""The images of an import: what is refused and why, what is only noticed, and what a draft does with classes."""

import os
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from common.archives import ArchiveError, Limits
from datasets.formats import importing
from datasets.formats.faults import Reason
from datasets.formats.importing import Imported, NothingToImportError, UnknownClassesError, UnknownFormatError
from datasets.store.assets import AssetStore
from datasets.tests.packages import make_folder, make_zip, picture, voc, voc_object

GOOD = {"images/good.jpg": picture(200), "gt/good.xml": voc(voc_object())}


def take(path: Path, root: Path, **options: object) -> Imported:
    with importing.open_draft(path) as draft:
        return draft.store(AssetStore(root), **options)


def faults(imported: Imported) -> list[tuple[str, str]]:
    return [(fault.file, str(fault.reason)) for fault in imported.faults]


def stored(root: Path) -> int:
    return sum(len(names) for _folder, _folders, names in os.walk(root / "assets"))


BROKEN_IMAGES = [
    ("a.jpg", b"", Reason.EMPTY_FILE),
    ("a.jpg", b"hello", Reason.NOT_AN_IMAGE),
    ("a.jpg", picture()[:-40], Reason.TRUNCATED_IMAGE),
    ("b.jpg", picture()[:100], Reason.TRUNCATED_IMAGE),
    ("a.png", picture(form="PNG")[:-10], Reason.TRUNCATED_IMAGE),
    ("a.bmp", picture(form="BMP")[:-100], Reason.TRUNCATED_IMAGE),
    ("a.webp", picture(form="WEBP")[:-10], Reason.TRUNCATED_IMAGE),
    ("a.gif", picture(form="GIF"), Reason.UNSUPPORTED_IMAGE),
    ("a.tif", picture(form="TIFF"), Reason.UNSUPPORTED_IMAGE),
]


@pytest.mark.parametrize(
    ("name", "data", "reason"), BROKEN_IMAGES, ids=[f"{name} {reason}" for name, _data, reason in BROKEN_IMAGES]
)
def test_a_broken_image_is_named_and_the_rest_comes_in(tmp_path: Path, name: str, data: bytes, reason: Reason) -> None:
    imported = take(make_zip(tmp_path / "p.zip", {**GOOD, f"images/{name}": data}), tmp_path)
    assert faults(imported) == [(f"images/{name}", reason)]
    assert imported.tables.assets.height == imported.tables.annotations.height == 1
    assert stored(tmp_path) == 1


def test_a_jpeg_with_bytes_after_its_end_is_whole(tmp_path: Path) -> None:
    assert faults(take(make_folder(tmp_path / "p", {"images/a.jpg": picture() + b"\0" * 20}), tmp_path)) == []


def test_an_image_too_large_to_decode_is_refused(tmp_path: Path) -> None:
    bomb = bytearray(picture(form="BMP"))
    bomb[18:26] = (20_000).to_bytes(4, "little") * 2  # width and height
    imported = take(make_folder(tmp_path / "p", {**GOOD, "images/a.bmp": bytes(bomb)}), tmp_path)
    assert faults(imported) == [("images/a.bmp", Reason.IMAGE_TOO_LARGE)]


def test_a_file_too_large_to_be_an_image_is_not_read(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p", {**GOOD, "images/huge.jpg": b""})
    os.truncate(folder / "images/huge.jpg", 1 << 40)
    assert faults(take(folder, tmp_path)) == [("images/huge.jpg", Reason.IMAGE_TOO_LARGE)]


def test_the_annotations_of_a_refused_image_go_with_it(tmp_path: Path) -> None:
    files = {**GOOD, "images/a.jpg": b"", "gt/a.xml": voc(voc_object("dog"))}
    imported = take(make_folder(tmp_path / "p", files), tmp_path)
    assert faults(imported) == [("images/a.jpg", Reason.EMPTY_FILE)]
    assert imported.tables.annotations.height == 1


def test_an_extension_that_lies_is_noticed_and_the_content_counts(tmp_path: Path) -> None:
    imported = take(make_folder(tmp_path / "p", {"images/a.jpg": picture(form="PNG")}), tmp_path)
    assert [(fault.file, fault.reason) for fault in imported.notices] == [("images/a.jpg", Reason.WRONG_EXTENSION)]
    assert imported.tables.assets["format"].to_list() == ["png"]


def test_a_photograph_on_its_side_has_the_size_it_is_seen_in(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    imported = take(make_folder(tmp_path / "p", {"images/a.jpg": picture(exif=exif.tobytes())}), tmp_path)
    assert imported.tables.assets.select("width", "height").row(0) == (80, 100)
    assert [fault.reason for fault in imported.notices] == [Reason.ROTATED]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "WEBP"])
def test_every_format_is_stored_byte_for_byte(tmp_path: Path, form: str) -> None:
    data = picture(form=form)
    imported = take(make_folder(tmp_path / "p", {f"a.{form.lower()}": data}), tmp_path)
    [asset] = imported.tables.hex()
    assert AssetStore(tmp_path).read(asset) == data
    assert AssetStore(tmp_path).path(asset).stat().st_mode & 0o777 == 0o444


def make_hostile_zip(path: Path, kind: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in GOOD.items():
            archive.writestr(name, data)
        info = zipfile.ZipInfo({"unsafe_path": "../../evil.jpg"}.get(kind, "images/evil.jpg"))
        if kind == "link":
            info.external_attr = 0o120777 << 16
        if kind == "special_file":
            info.external_attr = 0o010644 << 16
        archive.writestr(info, picture(7))
    if kind == "encrypted":
        raw = bytearray(path.read_bytes())
        raw[raw.rfind(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(raw)


@pytest.mark.parametrize("kind", ["unsafe_path", "link", "special_file", "encrypted"])
def test_a_hostile_entry_is_named_and_the_rest_comes_in(tmp_path: Path, kind: str) -> None:
    make_hostile_zip(tmp_path / "p.zip", kind)
    imported = take(tmp_path / "p.zip", tmp_path / "root")
    assert [reason for _file, reason in faults(imported)] == [kind]
    assert imported.tables.assets.height == 1


@pytest.mark.parametrize("name", ["/etc/evil.jpg", "C:\\evil.jpg", "..\\evil.jpg", "a/../../evil.jpg"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    imported = take(make_zip(tmp_path / "p.zip", {**GOOD, name: picture(7)}), tmp_path / "root")
    assert [reason for _file, reason in faults(imported)] == [Reason.UNSAFE_PATH]


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", {"images/bad.jpg": picture(7), **GOOD})
    raw = bytearray(path.read_bytes())
    raw[60:80] = b"\xff" * 20
    path.write_bytes(raw)
    assert faults(take(path, tmp_path)) == [("images/bad.jpg", Reason.UNREADABLE)]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_second_of_two_entries_of_one_name_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", GOOD)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("images/good.jpg", picture(7))
    imported = take(path, tmp_path)
    assert faults(imported) == [("images/good.jpg", Reason.DUPLICATE_NAME)]
    assert AssetStore(tmp_path).read(imported.tables.hex()[0]) == GOOD["images/good.jpg"]


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(entries=1), "too_many_entries"),
        (Limits(total_bytes=100), "too_large"),
        (Limits(entry_bytes=100), "too_large"),
        (Limits(ratio=2, ratio_from=1000), "bomb"),
    ],
)
def test_an_archive_that_unpacks_beyond_the_limits_is_refused_whole(
    tmp_path: Path, limits: Limits, reason: str
) -> None:
    path = make_zip(tmp_path / "p.zip", {**GOOD, "images/b.bmp": picture(form="BMP")})
    with pytest.raises(ArchiveError) as caught, importing.open_draft(path, limits=limits):
        pass
    assert caught.value.reason == reason


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and no more", b"\0" * 100])
def test_a_broken_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(data)
    with pytest.raises(ArchiveError) as caught, importing.open_draft(path):
        pass
    assert caught.value.reason == "broken"


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "p", GOOD)
    (tmp_path / "secret.jpg").write_bytes(picture(7))
    (folder / "images" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    imported = take(folder, tmp_path)
    assert faults(imported) == [("images/link.jpg", Reason.LINK)]
    assert imported.tables.assets.height == 1


def test_what_desktops_leave_behind_is_passed_over(tmp_path: Path) -> None:
    files = {**GOOD, "__MACOSX/images/._good.jpg": b"x", "images/.DS_Store": b"x", "images/Thumbs.db": b"x"}
    assert faults(take(make_zip(tmp_path / "p.zip", files), tmp_path)) == []


def test_a_name_in_utf8_that_is_not_marked_so_is_understood(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "p.zip", {"images/cafX.jpg": picture(1)})
    path.write_bytes(path.read_bytes().replace(b"cafX.jpg", "caé.jpg".encode()))
    assert take(path, tmp_path).tables.assets["file_name"].to_list() == ["caé.jpg"]


def test_a_package_without_images_is_refused(tmp_path: Path) -> None:
    for path in (make_folder(tmp_path / "p", {"a.txt": b"x"}), make_zip(tmp_path / "p.zip", {})):
        with pytest.raises(NothingToImportError), importing.open_draft(path):
            pass


def test_a_format_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(UnknownFormatError),
        importing.open_draft(make_folder(tmp_path / "p", GOOD), format_name="coco"),
    ):
        pass


def test_a_draft_knows_the_classes_before_anything_is_stored(tmp_path: Path) -> None:
    with importing.open_draft(make_folder(tmp_path / "p", GOOD)) as draft:
        assert (draft.format, draft.image_count, draft.class_counts) == ("voc", 1, {"cat": 1})
        with pytest.raises(UnknownClassesError) as caught:
            draft.store(AssetStore(tmp_path), classes={"dog": "dog"}, unknown="stop")
    assert caught.value.counts == {"cat": 1}
    assert stored(tmp_path) == 0


def test_classes_are_renamed_left_out_or_added(tmp_path: Path) -> None:
    objects = [voc_object("kitty"), voc_object("dog"), voc_object("new"), voc_object("kitty")]
    folder = make_folder(tmp_path / "p", {"images/a.jpg": picture(1), "gt/a.xml": voc(*objects)})
    classes = {"kitty": "cat", "dog": None}
    added = take(folder, tmp_path, classes=classes, unknown="add")
    assert sorted(added.tables.class_names) == ["cat", "new"]
    assert [fault.reason for fault in added.notices] == [Reason.IGNORED_CLASS]
    ignored = take(folder, tmp_path, classes=classes, unknown="ignore")
    assert ignored.tables.class_names == ("cat",)
    assert len(ignored.notices) == 2


def test_an_import_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    def stop(_fraction: float, phase: str) -> None:
        if phase == "images":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take(make_folder(tmp_path / "p", GOOD), tmp_path, progress=stop)
    assert stored(tmp_path) == 0
    assert not list((tmp_path / "tmp").iterdir())
