"""What images say about themselves, in every form there is."""

import pytest

from executors.contract import image_manual
from executors.contract.errors import ConfigError, ManualError
from executors.contract.image_manual import FieldType, TemplateField

TEMPLATE = """\
# Trains a detector.

# How long to train
epochs: 10
lr: 0.01   # learning rate
mining_algorithm: aldd  # aldd|cald | random
size: 320  # one of 320, 416 or 640
precision: auto  # 16-bit numbers (faster, on a GPU); auto, on or off
amp: true
args: ''
warmup: 1e-3
# first line
# second line
text: "a # b"  # the end
classes: [a, b]
task_id: t0
gpu_id: '0'
pretrained_model_params: []
"""


def test_fields_follow_the_template() -> None:
    assert image_manual.fields(TEMPLATE) == [
        TemplateField("epochs", 10, FieldType.INT, "How long to train"),
        TemplateField("lr", 0.01, FieldType.FLOAT, "learning rate"),
        TemplateField("mining_algorithm", "aldd", FieldType.CHOICE, "aldd|cald | random", ("aldd", "cald", "random")),
        TemplateField("size", 320, FieldType.CHOICE, "one of 320, 416 or 640", ("320", "416", "640")),
        TemplateField(
            "precision",
            "auto",
            FieldType.CHOICE,
            "16-bit numbers (faster, on a GPU); auto, on or off",
            ("auto", "on", "off"),
        ),
        TemplateField("amp", True, FieldType.BOOL, ""),
        TemplateField("args", "", FieldType.TEXT, ""),
        TemplateField("warmup", "1e-3", FieldType.TEXT, ""),
        TemplateField("text", "a # b", FieldType.TEXT, "the end"),
        TemplateField("classes", ["a", "b"], FieldType.TEXT, ""),
    ]


@pytest.mark.parametrize("text", ["", "[]", "a: [", "- x"])
def test_templates_that_are_no_mapping_have_no_fields(text: str) -> None:
    with pytest.raises(ConfigError):
        image_manual.fields(text)


def test_an_image_without_manifest_finds_boxes() -> None:
    manual = image_manual.read({"/img-man/training-template.yaml": b"a: 1"})
    assert manual.object_types == (2,)
    assert manual.templates == {(2, "training"): "a: 1"}


def test_one_object_type_has_its_templates_in_the_root() -> None:
    files = {
        "manifest.yaml": b"object_type: 3\nis_official: true",
        "infer-template.yaml": b"a: 1",
        "mining-template.yaml": b"",
    }
    manual = image_manual.read(files)
    assert manual.templates == {(3, "infer"): "a: 1"}
    assert manual.manifest["is_official"] is True
    assert manual.warnings == ("mining-template.yaml: a mapping of keys to values is needed",)


def test_several_object_types_have_a_folder_each() -> None:
    files = {
        "manifest.yaml": b"object_type: [2, 4]",
        "det/training-template.yaml": b"a: 1",
        "instance-seg/infer-template.yaml": b"a: 2",
        "training-template.yaml": b"a: 3",
    }
    assert image_manual.read(files).templates == {(2, "training"): "a: 1", (4, "infer"): "a: 2"}


@pytest.mark.parametrize("manifest", [b"[", b"\xff", b"just words", b""])
def test_a_manifest_that_cannot_be_read_counts_as_none(manifest: bytes) -> None:
    manual = image_manual.read({"manifest.yaml": manifest, "infer-template.yaml": b"a: 1"})
    assert manual.templates == {(2, "infer"): "a: 1"}
    assert len(manual.warnings) == 1


@pytest.mark.parametrize(
    ("stated", "types"), [(b"'3'", (3,)), (b"[2, 1, 2]", (2,)), (b"['4', 100, 50]", (4, 50)), (b"2", (2,))]
)
def test_object_types_may_be_text_and_unknown_ones_beside_known_are_passed_over(
    stated: bytes, types: tuple[int, ...]
) -> None:
    folders = {f"{name}infer-template.yaml": b"a: 1" for name in ("", "det/", "instance-seg/", "multi-modal/")}
    assert image_manual.read({"manifest.yaml": b"object_type: " + stated, **folders}).object_types == types


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"manifest.yaml": b"object_type: 2"},
        {"manifest.yaml": b"object_type: 77", "training-template.yaml": b"a: 1"},
        {"manifest.yaml": b"object_type: []", "training-template.yaml": b"a: 1"},
        {"manifest.yaml": b"object_type: true", "training-template.yaml": b"a: 1"},
        {"training-template.yaml": b"\xff"},
        {"training-template.yaml": b"words"},
    ],
)
def test_manuals_that_make_no_sense_are_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(ManualError):
        image_manual.read(files)


def test_two_words_behind_a_semicolon_are_a_choice_and_amounts_are_none() -> None:
    source = "# How weights are changed; adamw or muon\noptimizer: muon\n# Depth of the network; 1 or more\ndepth: 1\n"
    assert [each.choices for each in image_manual.fields(source)] == [("adamw", "muon"), ()]
