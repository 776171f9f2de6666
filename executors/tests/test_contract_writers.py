"""What we write into /in, byte for byte: images written by others read it."""

import json
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from executors.contract import annotations, config, env, index, monitor
from executors.contract.annotations import AnnotationFormat
from executors.contract.config import Injected
from executors.contract.env import Tasks
from executors.contract.errors import ConfigError
from executors.contract.layout import WorkDir, task_id
from executors.tests import people

MEMORY = Path("/dev/shm")
GOLDEN = Path(__file__).parent / "golden"
FIRST, SECOND = "aa" * 32, "bb" * 31 + "0f"
TRAINING = Tasks(training=True)
MINING = Tasks(mining=True, infer=True)


@pytest.fixture
def work(tmp_path: Path) -> WorkDir:
    made = WorkDir(tmp_path / "work")
    made.create()
    return made


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    for asset in (FIRST, SECOND):
        (folder / asset).write_bytes(asset.encode())
    return folder


def assets(store: Path, *names: str) -> pl.DataFrame:
    rows = [{"asset": a, "ext": "jpg", "source": str(store / a), "width": 100, "height": 80} for a in names]
    return pl.DataFrame(rows, schema={"asset": str, "ext": str, "source": str, "width": int, "height": int})


BOXES = pl.DataFrame(
    {
        "asset": [FIRST, FIRST, FIRST, FIRST, SECOND],
        "class_index": [0, 1, 7, 0, 1],
        "x": [10.4, 90.0, 1.0, 5.0, 0.0],
        "y": [20.6, 70.0, 1.0, 5.0, -3.0],
        "w": [30.0, 30.0, 5.0, 0.0, 100.0],
        "h": [10.0, 30.0, 5.0, 4.0, 10.0],
    }
)
"""The second reaches out of the image, the third has no class of ours, the fourth no width, the last begins above."""


def golden(name: str, text: str) -> None:
    assert text == (GOLDEN / name).read_text()


def test_links_that_an_earlier_run_left_in_the_output_are_replaced(work: WorkDir, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir(mode=0o700)
    (work.out_dir / "models").rmdir()
    (work.out_dir / "models").symlink_to(secret)
    work.create()
    assert secret.stat().st_mode & 0o777 == 0o700
    assert not (work.out_dir / "models").is_symlink()


def test_a_second_try_begins_its_progress_anew_and_its_log_goes_on(work: WorkDir) -> None:
    monitor_file, log = work.out_dir / monitor.FILE, work.out_dir / env.EXECUTOR_LOG
    env.write(work, task_id="t1", tasks=TRAINING)
    monitor_file.write_text("t1\t1\t0.9\t2\n")
    log.write_text("first try\n")
    env.write(work, task_id="t1", tasks=TRAINING)
    seen = monitor.read(work.out_dir)
    assert seen is not None
    assert (seen.percent, seen.state) == (0, monitor.MonitorState.PENDING)
    assert monitor_file.stat().st_mode & 0o777 == 0o666
    assert log.read_text() == "first try\n"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become someone else")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_folders_that_a_program_made_anew_stay_its_own(work: WorkDir, tmp_path: Path, mode: int) -> None:
    people.open_way(tmp_path)
    people.give(work.root)
    models, board = work.out_dir / "models", work.out_dir / "tensorboard"
    models.rmdir()
    models.mkdir(mode)  # root's, here
    board.rmdir()
    board.write_text("no folder")
    with people.someone_else():
        work.create()
    assert (models.stat().st_uid, models.stat().st_mode & 0o777) == (0, mode)
    assert board.stat().st_mode & 0o777 == 0o777


def test_task_ids_are_one_plain_word() -> None:
    assert task_id(42) == "t00000042"
    assert yaml.safe_load(f"task_id: {task_id(7)}") == {"task_id": "t00000007"}


@pytest.mark.parametrize(("tasks", "name"), [(TRAINING, "env-training.yaml"), (MINING, "env-mining-infer.yaml")])
def test_env_yaml_is_the_contracts(work: WorkDir, tasks: Tasks, name: str) -> None:
    env.write(work, task_id="t00000001", tasks=tasks)
    golden(name, work.env_file.read_text())


def test_a_process_gets_the_hosts_own_paths(tmp_path: Path) -> None:
    work = WorkDir.for_process(tmp_path / "7", tmp_path / "images" / "detector")
    document = env.document(work, task_id="t1", tasks=TRAINING)
    assert document["input"]["training_index_file"] == str(work.training_index)
    assert document["output"]["monitor_file"] == str(work.out_dir / "monitor.txt")
    assert document["manifest_file"] == str(tmp_path / "images" / "detector" / "img-man" / "manifest.yaml")
    assert work.inside(work.out_dir / "models") == str(work.out_dir / "models")


def test_config_yaml_of_a_training(work: WorkDir) -> None:
    template = {
        "task_id": "x",
        "gpu_id": "0",
        "pretrained_model_params": [],
        "epochs": 10,
        "lr": 0.01,
        "amp": True,
        "note": "a",
        "sizes": [320, 640],
        "shm_size": "128G",
    }
    overrides = {"epochs": "20", "lr": "1e-3", "amp": "False", "note": "", "sizes": "416,512", "extra": "5"}
    injected = Injected("t00000001", TRAINING, ("猫", "yes", "a;b"), gpu_count=2)
    config.write(work, config.merge([template], overrides, injected))
    golden("config-training.yaml", work.config_file.read_text())


def test_config_yaml_of_mining_and_inference(work: WorkDir) -> None:
    weights = ("/in/models/best/best.pt", "/in/models/best/config.py")
    injected = Injected("t00000002", MINING, ("cat",), weights=weights)
    templates = [{"mining_algorithm": "aldd", "batch": 4}, {"conf_thres": 0.1, "batch": 8, "gpu_count": 1}]
    config.write(work, config.merge(templates, {}, injected))
    golden("config-mining-infer.yaml", work.config_file.read_text())


@pytest.mark.parametrize(
    ("like", "text", "value"),
    [
        (1, "16", 16),
        (1, "1e3", 1000),
        (1.5, "2", 2.0),
        (True, "no", False),
        ("x", " y ", "y"),
        ("x", "1", "1"),
        ("x", 3, "3"),
        ([1], "[1, 2]", [1, 2]),
        (["a"], "a, b", ["a", "b"]),
        ({"a": 1}, "{a: 2}", {"a": 2}),
        (None, "1.5", 1.5),
        (1, "", None),
        (1.0, 2, 2.0),
        (3, 4.0, 4),
    ],
)
def test_changed_values_take_the_templates_type(like: object, text: object, value: object) -> None:
    fitted = config.fit("key", text, like)
    assert fitted == value
    assert type(fitted) is type(value)


@pytest.mark.parametrize(
    ("like", "value"),
    [(1, "many"), (1, "1.5"), (1.0, "nan"), (True, "perhaps"), (1, True), ([1], "[1"), ({"a": 1}, "7"), (1, [2])],
)
def test_values_that_do_not_fit_are_refused_by_name(like: object, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        config.fit("epochs", value, like)
    assert caught.value.where == "epochs"


def test_an_empty_field_removes_a_key_that_is_not_text() -> None:
    merged = config.merge([{"a": 1, "b": "x"}], {"a": "", "b": ""}, Injected("t1", TRAINING, ()))
    assert "a" not in merged
    assert merged["b"] == ""


@pytest.mark.parametrize("extra", [{"my_task_id": 1}, {"note": "task_id: t9"}])
def test_task_id_stands_in_the_file_once(extra: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        config.dump({"task_id": "t1", **extra})


@pytest.mark.parametrize("word", ["", "1", "t1 ", "yes", "t1\nx", "null", None])
def test_task_ids_that_need_quotes_are_refused(word: object) -> None:
    with pytest.raises(ConfigError):
        config.dump({"task_id": word})


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=50) | st.integers() | st.booleans())
)
@example({"a": "\x85", "b": "\u2028"})
def test_whatever_is_dumped_reads_back(values: dict[str, object]) -> None:
    values = {"task_id": "t1", **{key: value for key, value in values.items() if "task_id:" not in str(value)}}
    assert yaml.safe_load(config.dump(values)) == values


@pytest.mark.parametrize(
    ("wanted", "gpus", "size"),
    [("128G", 0, 32 << 30), ("512m", 0, 512 << 20), (None, 0, 16 << 30), (None, 4, 32 << 30), ("64MiB", 0, 64 << 20)],
)
def test_shared_memory_is_capped(wanted: str | None, gpus: int, size: int) -> None:
    assert config.shm_bytes({"shm_size": wanted}, gpu_count=gpus, cap=32 << 30) == size


@pytest.mark.parametrize("wanted", ["lots", "-1G", 0, True])
def test_a_shm_size_that_is_none_is_refused(wanted: object) -> None:
    with pytest.raises(ConfigError):
        config.shm_bytes({"shm_size": wanted}, gpu_count=0, cap=1 << 30)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, AnnotationFormat.VOC),
        ("", AnnotationFormat.VOC),
        ("ark:raw", AnnotationFormat.ARK),
        ("DET-ARK:RAW", AnnotationFormat.ARK),
        ("seg-coco:raw", AnnotationFormat.COCO),
        ("none:raw", AnnotationFormat.NONE),
        ("ls_json:raw", AnnotationFormat.UNKNOWN),
        (["ark", "raw"], AnnotationFormat.UNKNOWN),
    ],
)
def test_export_formats(text: object, wanted: AnnotationFormat) -> None:
    assert annotations.parse_export_format(text) is wanted


def test_images_come_as_they_are_or_not_at_all() -> None:
    with pytest.raises(ConfigError):
        annotations.parse_export_format("ark:lmdb")


def test_an_unknown_export_format_means_no_annotations_and_empty_index_files(work: WorkDir, store: Path) -> None:
    write_training(work, store, AnnotationFormat.UNKNOWN)
    assert (work.training_index.read_text(), work.validation_index.read_text()) == ("", "")
    assert list(work.annotations_dir.iterdir()) == []
    assert "'ls_json:raw' is unknown" in annotations.notice("ls_json:raw")
    assert annotations.notice("det-ark:raw") == annotations.notice(None) == ""


def write_training(work: WorkDir, store: Path, annotation_format: AnnotationFormat) -> None:
    index.write_training(
        work,
        training=assets(store, FIRST),
        validation=assets(store, SECOND, FIRST),
        annotations=BOXES,
        class_names=["cat", "a<b"],
        annotation_format=annotation_format,
    )


def test_images_are_linked_and_listed(work: WorkDir, store: Path) -> None:
    write_training(work, store, AnnotationFormat.ARK)
    name = f"{FIRST}.jpg"
    linked = work.assets_dir / "aa" / name
    assert linked.stat().st_ino == (store / FIRST).stat().st_ino
    assert work.training_index.read_text() == f"/in/assets/aa/{name}\t/in/annotations/aa/{FIRST}.txt\n"
    second = work.validation_index.read_text().splitlines()[0]
    assert second == f"/in/assets/0f/{SECOND}.jpg\t/in/annotations/0f/{SECOND}.txt"


def test_staging_twice_changes_nothing(work: WorkDir, store: Path) -> None:
    assert index.write_candidates(work, assets(store, FIRST, SECOND)).count == 2
    assert index.write_candidates(work, assets(store, FIRST, SECOND)).mounts == ()
    assert work.candidate_index.read_text() == f"/in/assets/aa/{FIRST}.jpg\n/in/assets/0f/{SECOND}.jpg\n"
    assert (store / FIRST).stat().st_nlink == 2


def test_an_asset_without_bytes_stops_the_staging(work: WorkDir, store: Path) -> None:
    (store / SECOND).unlink()
    with pytest.raises(FileNotFoundError):
        index.stage(work, assets(store, FIRST, SECOND))


@pytest.mark.skipif(not os.access(MEMORY, os.W_OK), reason="no second file system")
def test_a_store_on_another_file_system_is_linked_softly(work: WorkDir) -> None:
    store = MEMORY / f"ymir-test-{os.getpid()}"
    store.mkdir()
    try:
        (store / FIRST).write_bytes(b"x")
        staged = index.stage(work, assets(store, FIRST))
        assert staged.mounts == (store,)
        assert (work.assets_dir / "aa" / f"{FIRST}.jpg").readlink() == store / FIRST
        assert index.stage(work, assets(store, FIRST)).mounts == (store,)
    finally:
        (store / FIRST).unlink()
        store.rmdir()


def test_ark_annotations(work: WorkDir, store: Path) -> None:
    write_training(work, store, AnnotationFormat.ARK)
    golden("ark-first.txt", (work.annotations_dir / "aa" / f"{FIRST}.txt").read_text())
    golden("ark-second.txt", (work.annotations_dir / "0f" / f"{SECOND}.txt").read_text())


def test_an_image_without_objects_has_an_empty_annotation(work: WorkDir, store: Path) -> None:
    boxes = BOXES.clear()
    annotations.write(work, assets(store, FIRST), boxes, ["cat"], AnnotationFormat.ARK)
    assert (work.annotations_dir / "aa" / f"{FIRST}.txt").read_bytes() == b""


def test_voc_annotations(work: WorkDir, store: Path) -> None:
    write_training(work, store, AnnotationFormat.VOC)
    text = (work.annotations_dir / "aa" / f"{FIRST}.xml").read_text()
    golden("voc-first.xml", text)
    names = ET.fromstring(text).iterfind("object/name")  # noqa: S314 -- our own file
    assert [name.text for name in names] == ["cat", "a<b"]
    assert work.training_index.read_text().endswith(f"/in/annotations/aa/{FIRST}.xml\n")


def test_coco_annotations(work: WorkDir, store: Path) -> None:
    write_training(work, store, AnnotationFormat.COCO)
    text = (work.annotations_dir / "coco-annotations.json").read_text()
    golden("coco.json", text)
    document = json.loads(text)
    assert [item["id"] for item in document["images"]] == [1, 2]
    assert [item["category_id"] for item in document["annotations"]] == [0, 1, 1]
    lines = work.training_index.read_text() + work.validation_index.read_text()
    assert lines.count("/in/annotations/coco-annotations.json\n") == 3


def test_outlines_go_into_coco(work: WorkDir, store: Path) -> None:
    shape = "[[1,2,3,4,5,6]]"
    boxes = BOXES.head(1).with_columns(segmentation=pl.lit(shape))
    annotations.write(work, assets(store, FIRST), boxes, ["cat"], AnnotationFormat.COCO)
    document = json.loads((work.annotations_dir / "coco-annotations.json").read_text())
    assert document["annotations"][0]["segmentation"] == json.loads(shape)


def test_no_annotations_means_one_column(work: WorkDir, store: Path) -> None:
    write_training(work, store, AnnotationFormat.NONE)
    assert work.training_index.read_text() == f"/in/assets/aa/{FIRST}.jpg\n"
    assert list(work.annotations_dir.iterdir()) == []


@given(st.tuples(*(st.floats() for _ in range(4))))
def test_pixels_are_inside_the_image_whatever_the_box(box: tuple[float, ...]) -> None:
    frame = pl.DataFrame({"asset": [FIRST], "class_index": [0], **dict(zip("xywh", ([v] for v in box), strict=True))})
    sizes = pl.DataFrame({"asset": [FIRST], "width": [100], "height": [80]})
    rows = annotations._inclusive(annotations._clean(sizes, frame, 1))
    for row in rows.iter_rows(named=True):
        assert 0 <= row["xmin"] <= row["xmax"] <= 99
        assert 0 <= row["ymin"] <= row["ymax"] <= 79
