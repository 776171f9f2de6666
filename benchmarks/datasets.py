"""How fast and how big: imports, operations, pages and staging, beside datumaro on the same files.

    python -m benchmarks.datasets --work FOLDER [--datumaro PYTHON] [--images 118000] [--only import,page]

FOLDER should lie on a disk like that of the data root. It is filled with synthetic data: COCO-like, 80 classes with a
long tail, 7.3 boxes an image, tiny JPEGs of distinct bytes, so that the work for each file is measured and not the
bandwidth. The next run uses it again; it is yours to remove. Every step runs in a process of its own; "peak" is the
largest resident set of that process. Nothing is asserted: look at the table.
"""

import argparse
import functools
import io
import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from datasets.formats import exporting, importing
from datasets.formats.importing import Imported
from datasets.store import difference, operations, reader, writer
from datasets.store.assets import AssetStore

HERE = Path(__file__).resolve()
CLASSES = [f"class{number:02d}" for number in range(80)]
BOXES_PER_IMAGE = 7.3
SIDE = 640
VOC_IMAGES = 10_000
STAGED = 100_000
PAGES = 200
Facts = dict[str, Any]


# --- the data ---------------------------------------------------------------------------------------------------------


def tiny_jpegs() -> Iterator[bytes]:
    """Yield JPEGs of one small picture with distinct bytes: a comment holds the number. They say 640 × 640."""
    rng = np.random.default_rng(1)
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(buffer, "JPEG", quality=60)
    data = buffer.getvalue()
    number = 0
    while True:
        comment = f"image {number:09d}".encode()
        yield data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
        number += 1


def draw_boxes(images: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return image numbers, class numbers and boxes (x, y, w, h), all inside 64 × 64 pixels."""
    rng = np.random.default_rng(seed)
    per_image = rng.poisson(BOXES_PER_IMAGE, images)
    share = 1 / np.arange(1, len(CLASSES) + 1) ** 1.2
    codes = rng.choice(len(CLASSES), per_image.sum(), p=share / share.sum())
    start = rng.uniform(0, 40, (len(codes), 2))
    sides = rng.uniform(1, 24, (len(codes), 2))
    return np.repeat(np.arange(images), per_image), codes, np.round(np.hstack([start, sides]), 2)


def make_coco(folder: Path, images: int) -> None:
    """Write images/ and annotations/instances_train.json."""
    (folder / "images" / "train").mkdir(parents=True)
    (folder / "annotations").mkdir()
    for number, data in zip(range(images), tiny_jpegs(), strict=False):
        (folder / "images" / "train" / f"{number:012d}.jpg").write_bytes(data)
    rows, codes, boxes = draw_boxes(images, 1)
    annotations = [
        {
            "id": i,
            "image_id": row,
            "category_id": code + 1,
            "bbox": box,
            "area": round(box[2] * box[3], 2),
            "iscrowd": 0,
        }
        for i, (row, code, box) in enumerate(zip(rows.tolist(), codes.tolist(), boxes.tolist(), strict=True), 1)
    ]
    content = {
        "info": {},
        "licenses": [],
        "images": [{"id": i, "file_name": f"{i:012d}.jpg", "width": 64, "height": 64} for i in range(images)],
        "annotations": annotations,
        "categories": [{"id": i, "name": name, "supercategory": ""} for i, name in enumerate(CLASSES, 1)],
    }
    (folder / "annotations" / "instances_train.json").write_text(json.dumps(content))


def make_voc(folder: Path, images: int) -> None:
    """Write plain VOC, and a zip of it."""
    for name in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (folder / name).mkdir(parents=True)
    rows, codes, boxes = draw_boxes(images, 2)
    starts = np.searchsorted(rows, np.arange(images + 1))
    for number, data in zip(range(images), tiny_jpegs(), strict=False):
        (folder / "JPEGImages" / f"{number:06d}.jpg").write_bytes(data)
        part = slice(starts[number], starts[number + 1])
        (folder / "Annotations" / f"{number:06d}.xml").write_text(voc_text(number, codes[part], boxes[part]))
    (folder / "ImageSets/Main/default.txt").write_text("".join(f"{number:06d}\n" for number in range(images)))
    (folder / "labelmap.txt").write_text("".join(f"{name}:::\n" for name in CLASSES))  # datumaro asks for it
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, path.relative_to(folder))


def voc_text(number: int, codes: np.ndarray, boxes: np.ndarray) -> str:
    """Return one annotation file."""
    objects = "".join(
        f"<object><name>{CLASSES[code]}</name><pose>Unspecified</pose><truncated>0</truncated>"
        f"<difficult>0</difficult><bndbox><xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + w:.2f}</xmax>"
        f"<ymax>{y + h:.2f}</ymax></bndbox></object>\n"
        for code, (x, y, w, h) in zip(codes.tolist(), boxes.tolist(), strict=True)
    )
    size = "<size><width>64</width><height>64</height><depth>3</depth></size>"
    return f"<annotation>\n<filename>{number:06d}.jpg</filename>\n{size}\n{objects}</annotation>\n"


# --- our steps: each is given the work folder and returns what it found -----------------------------------------------


def import_package(work: Path, source: str, keep_as: str = "") -> Facts:
    """Import into a fresh data root, down to the version's files."""
    root = fresh_root(work)
    imported = take(work / source, root)
    written = writer.write_version(root, imported.tables)
    if keep_as:
        (work / keep_as).unlink(missing_ok=True)
        (work / keep_as).symlink_to(root)
    facts = {"images": written.stats["asset_count"], "boxes": written.stats["annotation_count"]}
    return {**facts, "faults": imported.log.fault_count}


def fresh_root(work: Path) -> Path:
    """Return a data root of its own. It is not removed: mass deletions slow the file system down for a while."""
    return work / "roots" / uuid.uuid4().hex


def take(source: Path, root: Path) -> Imported:
    """Import into the asset store; what was only needed for that is let go."""
    with importing.open_draft(source) as draft:
        return draft.store(AssetStore(root))


def read_annotations(work: Path) -> Facts:
    """Read the COCO file into columns; no image is touched."""
    with importing.open_draft(work / "coco") as draft:
        return {"images": draft.image_count, "boxes": sum(draft.class_counts.values())}


def version(work: Path) -> Path:
    """Return the folder of the imported COCO version."""
    [folder] = (work / "store" / "versions").iterdir()
    return folder


def operate(work: Path, name: str) -> Facts:
    """Read versions, work on them, write the result: as a job does it. `warm` is the work alone, median of 5."""
    whole = reader.load(version(work))
    halves = [operations.sample(whole, seed=seed, fraction=0.6) for seed in (1, 2)]
    rare = [CLASSES[number] for number in (20, 45, 70)]
    steps: dict[str, Callable[[], Any]] = {
        "merge": lambda: operations.merge(halves, "newest").tables,
        "filter": lambda: operations.filter_classes(whole, include=rare),
        "sample": lambda: operations.sample(whole, seed=3, fraction=0.1),
        "exclude": lambda: operations.exclude(whole, halves[:1]),
        "diff": lambda: difference.diff(whole, halves[0]),
    }
    found = steps[name]()
    warm = statistics.median(seconds(steps[name]) for _ in range(5))
    if name == "diff":
        return {"warm ms": warm * 1000, "removed": found.removed.assets.height}
    root = fresh_root(work)
    publish = seconds(lambda: writer.write_version(root, found))
    counts = {"images": found.assets.height, "boxes": found.annotations.height}
    return {"warm ms": warm * 1000, "publish ms": publish * 1000, **counts}


def page(work: Path, **query: Any) -> Facts:
    """Ask for a page of 60 again and again, at offsets over the whole range or at the beginning."""
    folder, deep = version(work), query.pop("deep")
    total = reader.page(folder, limit=0, **query).total
    rng = np.random.default_rng(1)
    offsets = rng.integers(0, max(total - 60, 1), PAGES).tolist() if deep else [0] * PAGES
    times = sorted(seconds(lambda at=at: reader.page(folder, offset=at, **query)) * 1000 for at in offsets)
    return {"p50 ms": times[PAGES // 2], "p95 ms": times[int(PAGES * 0.95)], "images": total}


def read_statistics(work: Path) -> Facts:
    """Read what was counted at commit."""
    return {"warm ms": statistics.median(seconds(lambda: reader.stats(version(work))) for _ in range(20)) * 1000}


def export(work: Path, source: str, format_name: str, target: str, *, with_images: bool) -> Facts:
    """Export a version."""
    [folder] = (work / source / "versions").iterdir()
    path = fresh_root(work) / target
    tables = reader.load(folder)
    exporting.export(tables, AssetStore(work / source), path, format_name=format_name, with_images=with_images)
    return {"images": tables.assets.height, "boxes": tables.annotations.height}


def stage(work: Path) -> Facts:
    """Give images to a container by hard links."""
    store, target = AssetStore(work / "store"), fresh_root(work)
    assets = reader.load(version(work)).hex()[:STAGED]
    took = seconds(lambda: store.link((name, target / name[-2:] / f"{name}.jpg") for name in assets))
    copies = sum(entry.stat().st_nlink == 1 for entry in target.rglob("*.jpg"))
    return {"links": len(assets), "linking s": took, "copies": copies}


STEPS: dict[str, Callable[[Path], Facts]] = {
    "import VOC zip 10k": lambda work: import_package(work, "voc.zip", "voc-store"),
    "import VOC folder 10k": lambda work: import_package(work, "voc"),
    "import COCO: read annotations": read_annotations,
    "import COCO: all": lambda work: import_package(work, "coco", "store"),
    **{
        f"{name} COCO": functools.partial(operate, name=name)
        for name in ("merge", "filter", "sample", "exclude", "diff")
    },
    "page first, common class": functools.partial(page, classes=["class00"], deep=False),
    "page deep, common class": functools.partial(page, classes=["class00"], deep=True),
    "page deep, rare class": functools.partial(page, classes=["class79"], deep=True),
    "page deep, any of 3 without 1": functools.partial(
        page, classes=["class05", "class40", "class79"], without=["class00"], deep=True
    ),
    "statistics": read_statistics,
    "export COCO json": functools.partial(export, source="store", format_name="coco", target="out", with_images=False),
    "export VOC zip 10k, with images": functools.partial(
        export, source="voc-store", format_name="voc", target="out.zip", with_images=True
    ),
    "stage 100k images": stage,
}


# --- datumaro's, run by the Python that has it ------------------------------------------------------------------------

DATUMARO = {
    "import VOC folder 10k": (
        "data = datumaro.Dataset.import_from(sys.argv[1] + '/voc', 'voc_detection'); data.init_cache()"
    ),
    "import COCO: read annotations": (
        "data = datumaro.Dataset.import_from(sys.argv[1] + '/coco', 'coco_instances'); data.init_cache()"
    ),
    "import COCO: all": (
        "data = datumaro.Dataset.import_from(sys.argv[1] + '/coco', 'coco_instances')\n"
        "data.export(sys.argv[1] + '/datumaro-out', 'datumaro', save_media=True)"
    ),
    "filter COCO": (
        "data = datumaro.Dataset.import_from(sys.argv[1] + '/coco', 'coco_instances'); data.init_cache()\n"
        "start = time.perf_counter()\n"
        'data.filter(\'/item/annotation[label="class20" or label="class45" or label="class70"]\', '
        "filter_annotations=True, remove_empty=True); len(data)\n"
        "extra = {'warm ms': (time.perf_counter() - start) * 1000}"
    ),
    "export COCO json": (
        "data = datumaro.Dataset.import_from(sys.argv[1] + '/coco', 'coco_instances'); data.init_cache()\n"
        "start = time.perf_counter()\n"
        "data.export(sys.argv[1] + '/datumaro-out', 'coco_instances')\n"
        "extra = {'warm ms': (time.perf_counter() - start) * 1000}"
    ),
}
DATUMARO_FRAME = """
import json, resource, sys, time
import datumaro
extra = {{}}
start_all = time.perf_counter()
{body}
took = time.perf_counter() - start_all
used = resource.getrusage(resource.RUSAGE_SELF)
cpu = used.ru_utime + used.ru_stime
[line] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
peak = int(line.split()[1]) / 1024
print(json.dumps({{"seconds": took, "cpu s": cpu, "peak MB": peak, **extra, "images": len(data)}}))
"""


# --- running and printing ---------------------------------------------------------------------------------------------


def seconds(work: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run_step(work: Path, name: str) -> Facts:
    """Run one of our steps here, in a process of its own."""
    start = time.perf_counter()
    facts = STEPS[name](work)
    took = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"seconds": took, "cpu s": used.ru_utime + used.ru_stime, "peak MB": peak_megabytes(), **facts}


def peak_megabytes() -> float:
    """Return the largest resident set of this process. (`ru_maxrss` would begin with that of its parent.)"""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def in_process(command: list[str]) -> Facts:
    """Run a command that prints a JSON object on its last line."""
    done = subprocess.run(command, cwd=HERE.parent.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1]}
    facts: Facts = json.loads(done.stdout.strip().splitlines()[-1])
    return facts


def show(who: str, name: str, facts: Facts) -> None:
    """Print a row."""
    values = [
        f"{key} {value:,.1f}"
        if isinstance(value, float)
        else f"{key} {value:,}"
        if isinstance(value, int)
        else f"{key} {value}"
        for key, value in facts.items()
    ]
    print(f"{name:<34} {who:<9} " + "  ".join(values), flush=True)


def main() -> None:
    """Make the data where it lacks, run every step, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--datumaro", help="a Python that has datumaro")
    parser.add_argument("--images", type=int, default=118_000, help="images of the COCO set")
    parser.add_argument("--only", default="", help="only steps with any of these words, separated by commas")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(run_step(options.work, options.step)))
        return
    options.work.mkdir(parents=True, exist_ok=True)
    for folder, make, size in (("coco", make_coco, options.images), ("voc", make_voc, VOC_IMAGES)):
        if not (options.work / folder).exists():
            print(f"making {folder} ({size:,} images)", flush=True)
            make(options.work / folder, size)
    for name in STEPS:
        if any(word in name for word in options.only.split(",")):
            ours = [sys.executable, "-m", "benchmarks.datasets", "--work", str(options.work), "--step", name]
            show("ymir", name, in_process(ours))
            if options.datumaro and name in DATUMARO:
                shutil.rmtree(options.work / "datumaro-out", ignore_errors=True)
                script = DATUMARO_FRAME.format(body=DATUMARO[name])
                show("datumaro", name, in_process([options.datumaro, "-c", script, str(options.work)]))


if __name__ == "__main__":
    main()
