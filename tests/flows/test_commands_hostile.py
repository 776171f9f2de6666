"""Imports of what strangers send: the good rest comes in, each fault names file and reason, nothing comes by half."""

import io
import os
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from datasets.tests.packages import coco, make_zip, picture, voc, voc_object
from tests.installation import Answer, Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

GOOD = {"images/good.jpg": picture(9), "annotations/good.xml": voc(voc_object("cat"))}


def bomb(path: Path) -> None:
    """A zip of 300 kB that unpacks to 300 MB."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("images/zeros.jpg", "w") as entry,
    ):
        for _megabyte in range(300):
            entry.write(bytes(1 << 20))


def hostile_entry(path: Path, info: zipfile.ZipInfo | str, data: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # names told twice
        for name, content in GOOD.items():
            archive.writestr(name, content)
        archive.writestr(info, data)


def climbing(path: Path) -> None:
    hostile_entry(path, "../../../../tmp/climbed.jpg", picture(8))


def linked(path: Path) -> None:
    info = zipfile.ZipInfo("images/linked.jpg")
    info.external_attr = 0o120777 << 16
    hostile_entry(path, info, b"/etc/passwd")


def named_twice(path: Path) -> None:
    hostile_entry(path, "images/good.jpg", picture(8))


def truncated(path: Path) -> None:
    make_zip(path, {**GOOD, "images/cut.jpg": picture(8)[:-300]})


def lying(path: Path) -> None:
    make_zip(path, {**GOOD, "images/png.jpg": picture(8, form="PNG")})


def pixel_bomb(path: Path) -> None:
    """A PNG of a few bytes that claims 60,000 by 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    make_zip(path, {**GOOD, "images/huge.png": png})


def not_a_number(path: Path) -> None:
    objects = voc_object("cat", ("nan", 10, 50, 40)), voc_object("dog"), voc_object("cat", (500, 500, 600, 600))
    make_zip(path, {**GOOD, "images/nan.jpg": picture(8), "annotations/nan.xml": voc(*objects)})


def semicolon(path: Path) -> None:
    make_zip(path, {**GOOD, "images/s.jpg": picture(8), "annotations/s.xml": voc(voc_object("a;b"), voc_object("dog"))})


def foreign_names(path: Path) -> None:
    """A name in GBK, as old archivers write it, without the mark for UTF-8."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {**GOOD, "images/XXXX.jpg": picture(8)}.items():
            archive.writestr(name, content)
    path.write_bytes(buffer.getvalue().replace(b"images/XXXX.jpg", b"images/" + "图片".encode("gbk") + b".jpg"))


def empty(path: Path) -> None:
    make_zip(path, {})


def broken(path: Path) -> None:
    path.write_bytes(make_zip(path, GOOD).read_bytes()[:-80])


def half_a_coco(path: Path) -> None:
    make_zip(path, {"images/a.jpg": picture(8), "coco.json": coco({1: "a.jpg"}, [{"image_id": 1}])[:-60]})


@dataclass(frozen=True)
class Case:
    """One package: how it is made, and what must be said of it."""

    make: Callable[[Path], None]
    faults: tuple[tuple[str, str], ...] = ()
    """(file, reason) of each fault; with faults the good rest comes in."""
    refused: tuple[str, str] = ("", "")
    """The error's id and words of its message; with them nothing comes in."""
    assets: int = 1


CASES = {
    "bomb": Case(bomb, refused=("datasets.broken_archive", "bomb.zip cannot be read: it would unpack to over 100")),
    "broken": Case(broken, refused=("datasets.broken_archive", "broken.zip cannot be read: it is damaged")),
    "empty": Case(empty, refused=("datasets.nothing_to_import", "empty.zip holds no images")),
    "half-a-coco": Case(half_a_coco, refused=("datasets.broken_annotations", "coco.json, line 1")),
    "climbing": Case(climbing, faults=(("../../../../tmp/climbed.jpg", "unsafe_path"),)),
    "linked": Case(linked, faults=(("images/linked.jpg", "link"),)),
    "named-twice": Case(named_twice, faults=(("images/good.jpg", "duplicate_name"),)),
    "truncated": Case(truncated, faults=(("images/cut.jpg", "truncated_image"),)),
    "pixel-bomb": Case(pixel_bomb, faults=(("images/huge.png", "image_too_large"),)),
    "lying": Case(lying, assets=2),
    "not-a-number": Case(
        not_a_number, faults=(("annotations/nan.xml", "not_finite"), ("annotations/nan.xml", "box_outside")), assets=2
    ),
    "semicolon": Case(semicolon, faults=(("annotations/s.xml", "refused_class"),), assets=2),
    "foreign-names": Case(foreign_names, assets=2),
}


def stored(site: Installation) -> set[str]:
    return {name for _folder, _folders, names in os.walk(site.data / "assets") for name in names}


@pytest.fixture(scope="module")
def answers(site: Installation, project: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What the import of each package said; three at a time, as strangers come."""
    folder = tmp_path_factory.mktemp("hostile")

    def take(name: str) -> Answer:
        path = folder / f"{name}.zip"
        CASES[name].make(path)
        return site.command("import_dataset", "--project", project, "--name", name, path, "--wait")

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(CASES, pool.map(take, CASES), strict=True))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.refused == Case.refused])
def test_the_good_rest_comes_in_and_each_fault_is_named(answers: dict[str, Answer], name: str) -> None:
    case, answer = CASES[name], answers[name]
    assert answer.code == 0, answer.stderr
    assert sorted((fault["file"], fault["reason"]) for fault in answer["faults"]) == sorted(case.faults)
    assert answer["asset_count"] == case.assets
    assert answer["class_counts"]["cat"] == 1


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.refused != Case.refused])
def test_what_cannot_come_in_whole_comes_in_not_at_all(
    site: Installation, project: str, answers: dict[str, Answer], name: str
) -> None:
    answer = answers[name]
    assert answer.code == 1
    error, words = CASES[name].refused
    assert answer["error"]["id"] == error
    assert words in answer["error"]["message"]
    [found] = [each for each in site.listed("projects/") if each["name"] == project]
    versions = site.listed(f"dataset-versions/?project={found['id']}&dataset={name}")
    assert versions == []


def test_nothing_came_in_from_outside_or_by_half(site: Installation, answers: dict[str, Answer]) -> None:
    assert not Path("/tmp/climbed.jpg").exists()
    assert list((site.data / "tmp").iterdir()) == []
    garbage = site.done("collect_garbage", "--dry-run", "--older-than", "0")
    assert garbage["dry_run"] is True
    kept_by_nobody = [path for path in garbage["paths"] if not path.startswith(("jobs/", "samples/"))]
    assert kept_by_nobody == []
