"""A project of the commands' own beside the sample, with small packages of drawn images."""

from pathlib import Path
from uuid import uuid4

import pytest

from datasets.tests.packages import coco, make_zip, picture, voc, voc_object
from tests.installation import Installation


@pytest.fixture(scope="session")
def project(site: Installation) -> str:
    """The name of a project with two classes."""
    name = f"Commands {uuid4().hex[:6]}"
    made = site.done("create_project", name, "--classes", "cat,dog")
    assert made.facts == {"project": name, "id": made["id"], "classes": ["cat", "dog"]}
    return name


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two VOC zips that share an image on which they disagree, and a COCO zip."""
    folder = tmp_path_factory.mktemp("packages")
    first = {
        "images/a.jpg": picture(1),
        "images/b.jpg": picture(2),
        "images/c.jpg": picture(3),
        "annotations/a.xml": voc(voc_object("cat")),
        "annotations/b.xml": voc(voc_object("dog"), voc_object("dog", (60, 10, 90, 70))),
    }
    second = {
        "images/b.jpg": picture(2),
        "images/d.jpg": picture(4),
        "annotations/b.xml": voc(voc_object("cat")),
        "annotations/d.xml": voc(voc_object("cat"), voc_object("dog")),
    }
    boxes = [{"image_id": 1}, {"image_id": 2, "category_id": 2, "bbox": [0.5, 1.25, 20, 30]}]
    third = {
        "images/e.jpg": picture(5),
        "images/f.jpg": picture(6),
        "annotations.json": coco({1: "e.jpg", 2: "f.jpg"}, boxes),
    }
    return {
        name: make_zip(folder / f"{name}.zip", files)
        for name, files in (("first", first), ("second", second), ("third", third))
    }
