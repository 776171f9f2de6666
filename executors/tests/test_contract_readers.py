"""What executors leave in /out, in every form that images in the field write, and in forms that nobody should."""

import contextlib
import json
import os
import time
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executors.contract import documents, findings, monitor, outbox, results
from executors.contract.errors import ResultError, ResultMissingError
from executors.contract.monitor import MonitorState

A, B = "aa" * 32, "bb" * 32
KNOWN = {A, B}
ON_ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out" / "models").mkdir(parents=True)
    return tmp_path / "out"


def put(out: Path, name: str, content: str | bytes = "x") -> None:
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def put_result(out: Path, document: object) -> None:
    put(out, results.TRAINING_FILE, yaml.safe_dump(document))


# --- monitor


@pytest.mark.parametrize(
    ("text", "percent", "state", "code", "message"),
    [
        ("t01\t1622552974.081620\t0.50\t2\t0", 0.5, MonitorState.RUNNING, 0, ""),
        ("t01\t1622552974.040471\t1\t4\t300103\nno memory\nmore", 1.0, MonitorState.FAILED, 300103, "no memory\nmore"),
        ("t01\t1622552974\t0.2\t2\t", 0.2, MonitorState.RUNNING, 0, ""),
        ("t01\t{time.time()}\t0.2\t2\t0\tworking\n", 0.2, MonitorState.RUNNING, 0, "working"),
        ("t01 1622552974 0.3 2 0", 0.3, MonitorState.RUNNING, 0, ""),
        ("t01\t1\t7\t3.0", 1.0, MonitorState.DONE, 0, ""),
        ("t01\t1\t0.1\t2\t0\thalf\0written", 0.1, MonitorState.RUNNING, 0, "halfwritten"),
        ("t01\t1\t-1\t1", 0.0, MonitorState.PENDING, 0, ""),
    ],
)
def test_monitor_dialects(out: Path, text: str, percent: float, state: MonitorState, code: int, message: str) -> None:
    put(out, monitor.FILE, text)
    seen = monitor.read(out)
    assert seen is not None
    assert (seen.percent, seen.state, seen.code, seen.message) == (percent, state, code, message)


@pytest.mark.parametrize(
    "text", ["", "\n", "t01\t1", "t01\t1\tnan\t2", "t01\t1\t0.5\t9", "t01\t1\t0.5\tx", b"\xff\xfe"]
)
def test_an_unreadable_monitor_is_read_again_later(out: Path, text: str | bytes) -> None:
    put(out, monitor.FILE, text)
    assert monitor.read(out) is None


def test_the_long_trace_of_a_crash_hides_nothing(out: Path) -> None:
    put(out, monitor.FILE, "t01\t1\t0.4\t4\t300103\tno memory\n" + "line of a trace\n" * 10_000)
    seen = monitor.read(out)
    assert seen is not None
    assert (seen.code, seen.message.splitlines()[0]) == (300103, "no memory")


def test_no_monitor_is_no_reading(out: Path) -> None:
    assert monitor.read(out) is None


@given(st.text())
def test_any_monitor_text_is_survived(text: str) -> None:
    seen = monitor.parse(text)
    assert seen is None or 0 <= seen.percent <= 1


# --- files of /out


def test_links_are_never_followed(out: Path, tmp_path: Path) -> None:
    put(tmp_path, "secret", "secret")
    (out / "link").symlink_to(tmp_path / "secret")
    (out / "folder").symlink_to(tmp_path)
    for name in ("link", "folder/secret", "../secret", str(tmp_path / "secret"), "", ".", "a\0b", "models"):
        assert not outbox.exists(out, name)
        with pytest.raises(ResultError):
            outbox.read(out, name)


def test_the_output_folder_itself_is_no_link(out: Path, tmp_path: Path) -> None:
    put(out, "file")
    (tmp_path / "other").symlink_to(out)
    with pytest.raises(ResultError):
        outbox.read(tmp_path / "other", "file")


def test_a_pipe_does_not_block(out: Path) -> None:
    os.mkfifo(out / "pipe")
    with pytest.raises(ResultError, match="regular"):
        outbox.read(out, "pipe")


def test_too_much_is_refused(out: Path) -> None:
    put(out, "big", "x" * 11)
    with pytest.raises(ResultError, match="10 bytes"):
        outbox.read(out, "big", 10)


def test_yaml_data_become_data_that_a_database_holds() -> None:
    data = documents.parse('{day: 2022-01-01, most: .inf, lr: 0.1, nested: [!!set {a, b}, "x\\0y", null, true]}')
    plain = documents.as_json(data)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert (plain["day"], plain["most"], plain["lr"]) == ("2022-01-01", "inf", 0.1)
    assert plain["nested"][1:] == ["xy", None, True]


# --- training

STAGES = {
    "best_stage_name": "epoch20",
    "mAP": 0.9,
    "model_stages": {
        "epoch10": {"stage_name": "epoch10", "files": ["epoch10.pt"], "timestamp": 100, "mAP": "0.8", "tp": 3},
        "epoch20": {"stage_name": "epoch20", "files": ["epoch20.pt", "config.py"], "timestamp": 200, "mAP": 0.9},
    },
    "attachments": {"onnx": ["model.onnx", "missing.onnx"]},
    "evaluate_config": {"iou_thr": 0.5, "conf_thr": 0.005, "name": "x"},
}


def test_a_training_with_stages(out: Path) -> None:
    put_result(out, STAGES)
    put(out, "models/epoch20/epoch20.pt", "in the stage's folder")
    put(out, "models/epoch20.pt", "in the root")
    put(out, "models/config.py", "shared")
    put(out, "models/epoch10/epoch10.pt")
    put(out, "models/attachments/onnx/model.onnx")
    result = results.read_training(out)
    assert result.best == "epoch20"
    assert [stage.name for stage in result.stages] == ["epoch10", "epoch20"]
    assert [file.path for file in result.stages[1].files] == ["models/epoch20/epoch20.pt", "models/config.py"]
    assert result.stages[1].files[0].size == len("in the stage's folder")
    assert result.stages[0].metrics == {"mAP": 0.8, "tp": 3.0}
    assert result.stages[0].timestamp == 100
    assert [file.name for file in result.attachments["onnx"]] == ["model.onnx"]
    assert result.evaluate_config == {"iou_thr": 0.5, "conf_thr": 0.005}
    assert result.warnings == ("missing.onnx: not a file of the models folder",)


@pytest.mark.parametrize("timestamp", [1.7e12, -5, 1e300, "soon"])
def test_a_moment_that_no_calendar_has_becomes_now(out: Path, timestamp: object) -> None:
    put_result(out, {"model_stages": {"a": {"files": ["f"], "timestamp": timestamp}}})
    put(out, "models/f")
    (stage,) = results.read_training(out).stages
    assert abs(stage.timestamp - time.time()) < 60


def test_a_training_that_was_cut_short_keeps_the_stages_whose_files_are_there(out: Path) -> None:
    put_result(out, STAGES)
    put(out, "models/epoch10.pt")
    result = results.read_training(out)
    assert [stage.name for stage in result.stages] == ["epoch10"]
    assert result.best == "epoch10"


def test_the_best_stage_is_found_when_none_is_named(out: Path) -> None:
    stages = {
        "a": {"files": ["f"], "mIoU": 0.5, "timestamp": 1},
        "b": {"files": ["f"], "mIoU": 0.7, "timestamp": 1},
        "c": {"files": ["f"], "mIoU": 0.7, "timestamp": 2},
    }
    put_result(out, {"model_stages": stages})
    put(out, "models/f")
    assert results.read_training(out).best == "c"


def test_a_stage_whose_folder_has_another_name_than_its_key(out: Path) -> None:
    put_result(out, {"model_stages": {"best_0": {"stage_name": "best-0", "files": ["w.pt"], "mAP": 1}}})
    put(out, "models/best-0/w.pt")
    assert results.read_training(out).stages[0].files[0].path == "models/best-0/w.pt"


def test_a_stage_whose_folder_alone_keeps_its_dashes(out: Path) -> None:
    put_result(out, {"model_stages": {"last_a_1": {"stage_name": "last_a_1", "files": ["w.pt"], "mAP": 1}}})
    put(out, "models/last-a_1/w.pt")
    (out / "models" / "last_a-1").symlink_to(out)
    assert results.read_training(out).stages[0].files[0].path == "models/last-a_1/w.pt"


def test_files_listed_with_their_whole_path_are_found(out: Path) -> None:
    names = ["/out/models/a/w.pt", str(out / "models" / "x.pt"), "/out/../secret", "/etc/passwd"]
    put_result(out, {"model_stages": {"a": {"files": names}}})
    put(out, "models/a/w.pt")
    put(out, "models/x.pt")
    (stage,) = results.read_training(out).stages
    assert [(file.name, file.path) for file in stage.files] == [("w.pt", "models/a/w.pt"), ("x.pt", "models/x.pt")]


def test_a_number_may_name_the_best_stage_and_its_figure_may_stand_at_the_top(out: Path) -> None:
    put_result(out, {"best_stage_name": 10, "mAP": "0.7", "model_stages": {10: {"files": ["f"]}, 20: {"files": ["f"]}}})
    put(out, "models/f")
    result = results.read_training(out)
    assert (result.best, result.stages[0].metrics, result.stages[1].metrics) == ("10", {"mAP": 0.7}, {})


def test_the_old_list_counts_where_the_stages_are_empty(out: Path) -> None:
    put_result(out, {"model_stages": {}, "model": ["f"], "map": 0.5})
    put(out, "models/f")
    assert results.read_training(out).best == results.LEGACY_STAGE


@pytest.mark.parametrize("key", ["map", "mAP"])
def test_the_form_of_old_images(out: Path, key: str) -> None:
    put_result(out, {"model": ["yolo.weights", "net.json"], key: "0.612", "class-map:": 3, "12": 0.5})
    put(out, "models/yolo.weights")
    put(out, "models/net.json")
    result = results.read_training(out)
    assert result.best == results.LEGACY_STAGE
    assert result.stages[0].metrics == {"mAP": 0.612}
    assert [file.name for file in result.stages[0].files] == ["yolo.weights", "net.json"]


def test_folders_links_and_absolute_names_are_left_out_with_a_warning(out: Path, tmp_path: Path) -> None:
    put(tmp_path, "secret")
    put(out, "models/good.pt")
    put(out, "models/folder/x")
    (out / "models" / "link.pt").symlink_to(tmp_path / "secret")
    names = ["good.pt", "folder", "link.pt", str(tmp_path / "secret"), "../../secret", 7, None, "\udc80", ""]
    put_result(out, {"model_stages": {"last": {"files": [name for name in names if name != "\udc80"]}}})
    result = results.read_training(out)
    assert [file.name for file in result.stages[0].files] == ["good.pt"]
    assert len(result.warnings) == len(names) - 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "just words",
        "model_stages: 3",
        "model_stages: {}",
        "model: []",
        "model_stages: {a: 3, b: {files: 3}}",
        "a: [",
        "\0",
        "a: !!python/object/apply:os.system [id]",
        'a: !!int ""',
        "a: !!timestamp x",
        "? [a, b]\n: c",
        "[" * 5000,
        "a: &a {<<: *a}",
        b"\xff\xfe\xff",
        "model: ['\\udc80']",
        'model: ["\\uD800"]',
        "model_stages: {../..: {files: [etc/passwd]}}",
    ],
)
def test_malformed_results_are_refused_with_file_and_reason(out: Path, text: str | bytes) -> None:
    put(out, results.TRAINING_FILE, text)
    with pytest.raises(ResultError) as caught:
        results.read_training(out)
    assert caught.value.where == results.TRAINING_FILE
    assert caught.value.reason


def test_no_result_is_told_from_a_bad_one(out: Path) -> None:
    for reader in (lambda: results.read_training(out), lambda: findings.read_mining(out, KNOWN)):
        with pytest.raises(ResultMissingError):
            reader()
    with pytest.raises(ResultMissingError):
        findings.read_inference(out, KNOWN)


def test_a_bomb_of_aliases_does_not_go_off(out: Path) -> None:
    levels = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    put(out, results.TRAINING_FILE, "\n".join(levels))
    with pytest.raises(ResultError):
        results.read_training(out)


def test_shared_lists_as_the_sdk_dumps_them_are_read(out: Path) -> None:
    files = ["w.pt"]
    put_result(out, {"model_stages": {name: {"files": files, "mAP": 0.1} for name in ("a", "b")}})
    put(out, "models/w.pt")
    assert "&id001" in (out / results.TRAINING_FILE).read_text()
    assert len(results.read_training(out).stages) == 2


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
NESTED = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner))
KEYS = st.sampled_from(["model_stages", "model", "map", "mAP", "best_stage_name", "attachments", "evaluate_config"])
STAGE_KEYS = st.sampled_from(["files", "stage_name", "timestamp", "mAP", "tp"])


@ON_ONE_FOLDER
@given(st.dictionaries(KEYS, NESTED | st.dictionaries(st.text(max_size=5), st.dictionaries(STAGE_KEYS, NESTED))))
def test_any_result_is_read_or_refused(out: Path, document: object) -> None:
    put_result(out, document)
    with contextlib.suppress(ResultError):
        results.read_training(out)


@ON_ONE_FOLDER
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(out: Path, data: bytes) -> None:
    put(out, results.TRAINING_FILE, data)
    put(out, findings.INFER_FILE, data)
    put(out, findings.MINING_FILE, data)
    for read in (
        results.read_training,
        lambda o: findings.read_inference(o, KNOWN),
        lambda o: findings.read_mining(o, KNOWN),
    ):
        with contextlib.suppress(ResultError):
            read(out)


@given(st.text(alphabet="abc:&*<![]{}-\"'?| \n#%0123456789", max_size=60))
def test_any_yaml_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(documents.DocumentError):
        documents.parse(text)


# --- mining


def test_mined_assets_keep_the_order_of_the_file(out: Path) -> None:
    lines = [
        f"/in/assets/bb/{B}.jpg\t0.1\t7",
        "",
        f"/in/assets/aa/{A}.png 0.9",
        f"{A}.png\t0.2",
        "/in/assets/cc/cc.jpg\t1",
    ]
    put(out, findings.MINING_FILE, "\n".join(lines))
    found = findings.read_mining(out, KNOWN)
    assert found.table.rows() == [(B, 0.1), (A, 0.9)]
    assert {(item.reason, item.count) for item in found.skipped} == {("asset listed twice", 1), ("unknown asset", 1)}


def test_a_score_that_is_no_number_is_unknown(out: Path) -> None:
    put(out, findings.MINING_FILE, f"{A}.jpg\tnan\n{B}.jpg\n")
    assert findings.read_mining(out, KNOWN).table.rows() == [(A, None), (B, None)]


def test_an_empty_mining_result_is_empty(out: Path) -> None:
    put(out, findings.MINING_FILE, "\n")
    assert findings.read_mining(out, KNOWN).table.height == 0


@pytest.mark.parametrize("text", ["nothing\tof ours\n", b"\xff\n", "x" * (findings.MAX_LINE + 1)])
def test_malformed_mining_results_are_refused(out: Path, text: str | bytes) -> None:
    put(out, findings.MINING_FILE, text)
    with pytest.raises(ResultError) as caught:
        findings.read_mining(out, KNOWN)
    assert caught.value.where == findings.MINING_FILE


# --- inference


def box(**values: object) -> dict[str, object]:
    return {"class_name": "cat", "score": 0.5, "box": {"x": 1, "y": 2, "w": 3, "h": 4}} | values


@pytest.mark.parametrize("key", ["boxes", "annotations"])
def test_detections(out: Path, key: str) -> None:
    detection = {f"{A}.jpg": {key: [box(), box(class_name=" dog ", box={"x": 0.5, "y": 0, "w": 1.25, "h": 1})]}}
    put(out, findings.INFER_FILE, json.dumps({"detection": {**detection, f"{B}.jpg": {key: []}}}))
    table = findings.read_inference(out, KNOWN).table
    assert table.rows() == [(A, "cat", 0.5, 1.0, 2.0, 3.0, 4.0, None), (A, "dog", 0.5, 0.5, 0.0, 1.25, 1.0, None)]
    assert dict(table.schema) == findings.FOUND_SCHEMA


def test_boxes_that_cannot_be_used_are_skipped_and_counted(out: Path) -> None:
    boxes = [
        box(),
        box(score=None),
        box(score=float("nan")),
        box(score="0.5"),
        box(box={"x": 1, "y": 1, "w": 0, "h": 1}),
        box(box={"x": float("inf"), "y": 1, "w": 1, "h": 1}),
        box(box={"x": 1e300, "y": 1, "w": 1, "h": 1}),
        box(box=[1, 2, 3, 4]),
        box(class_name=""),
        box(class_name=3),
        "nonsense",
    ]
    document = {"detection": {f"/out/x/{A}.jpg": {"boxes": boxes}, "other.jpg": {"boxes": [box()]}, f"{B}.jpg": 3}}
    put(out, findings.INFER_FILE, json.dumps(document))
    found = findings.read_inference(out, KNOWN)
    assert found.table.height == 1
    assert {item.reason: item.count for item in found.skipped} == {
        "no score": 4,
        "no usable box": 4,
        "no class": 2,
        "unknown asset": 1,
        "asset without a list of boxes": 1,
    }


def test_segmentation_in_coco_form(out: Path) -> None:
    run_length = {"counts": "abc", "size": [8, 9]}
    outline = [[0, 0, 4, 0, 4, 4], [5, 5, 6, 5, 6, 6]]
    annotation = {"image_id": 7, "category_id": 0, "bbox": [1, 2, 3, 4], "area": 12}
    document = {
        "images": [
            {"id": 7, "file_name": f"x/{A}.jpg", "width": 9, "height": 8},
            {"id": 8, "file_name": "other.jpg"},
            3,
        ],
        "categories": [{"id": 0, "name": "cat"}],
        "annotations": [
            annotation | {"segmentation": run_length, "confidence": 0.25},
            annotation | {"segmentation": outline},
            annotation | {"segmentation": outline},
            annotation | {"segmentation": [[float("nan"), 1]]},
            annotation | {"image_id": 8},
            annotation | {"category_id": 5},
            annotation | {"bbox": [1, 2, -3, 4]},
            annotation | {"image_id": [7], "bbox": None},
            None,
        ],
    }
    put(out, findings.INFER_FILE, json.dumps(document))
    found = findings.read_inference(out, KNOWN)
    assert found.table["score"].to_list() == [0.25, 1.0, 1.0]
    shapes = [None if text is None else json.loads(text) for text in found.table["segmentation"]]
    assert shapes == [run_length, outline, None]
    assert sum(item.count for item in found.skipped) == 6


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"detection": []}', '{"images": []}', "[" * 100_000, b"\xff", '{"a": ' + "9" * 5000 + "}"],
)
def test_malformed_inference_results_are_refused(out: Path, text: str | bytes) -> None:
    put(out, findings.INFER_FILE, text)
    with pytest.raises(ResultError) as caught:
        findings.read_inference(out, KNOWN)
    assert caught.value.where == findings.INFER_FILE


def test_words_that_cannot_be_stored_are_made_plain(out: Path) -> None:
    text = '{"detection": {"%s.jpg": {"boxes": [%s]}}}'
    put(out, findings.INFER_FILE, text % (A, json.dumps(box(class_name="a")).replace('"a"', '"a\\ud800\\u0000b"')))
    assert findings.read_inference(out, KNOWN).table["class_name"].to_list() == ["a?b"]


@ON_ONE_FOLDER
@given(NESTED, NESTED, NESTED)
def test_any_inference_result_is_read_or_refused(out: Path, first: object, second: object, third: object) -> None:
    for document in (
        {"detection": {f"{A}.jpg": first, f"{B}.jpg": {"boxes": [second, box(score=third), box(box=first)]}}},
        {
            "images": [{"id": 1, "file_name": f"{A}.jpg"}, first],
            "categories": [{"id": second, "name": third}],
            "annotations": [first, {"image_id": 1, "category_id": second, "bbox": third, "segmentation": first}],
        },
    ):
        put(out, findings.INFER_FILE, json.dumps(document))
        table = findings.read_inference(out, KNOWN).table
        assert table.filter(pl.col("w") <= 0).height == 0
