import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import scenes
import yaml

from detector import checkpoint, events

HOME = Path(__file__).resolve().parent.parent


def result_of(work: Path) -> dict:
    return yaml.safe_load((work / "out" / "models" / "result.yaml").read_text())


def epochs_of(work: Path) -> list[dict]:
    path = work / "out" / "metrics.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def start(env: Path) -> subprocess.Popen:
    environment = {**os.environ, "DEFAULT_ENV_FILE_PATH": str(env), "PYTHON": sys.executable}
    return subprocess.Popen(["bash", str(HOME / "start.sh")], env=environment, stderr=subprocess.PIPE, text=True)


def wait_for_epoch(process: subprocess.Popen, work: Path, epoch: int) -> None:
    deadline = time.monotonic() + 60
    while len(epochs_of(work)) < epoch:
        assert process.poll() is None, "ended early"
        assert time.monotonic() < deadline, "no epoch in a minute"
        time.sleep(0.05)


def test_toy_scenes_are_learned(trained: Path) -> None:
    result = result_of(trained)
    assert result["best_stage_name"] == "best"
    assert result["mAP"] > 0.5


def test_result_lists_stages_whose_files_exist(trained: Path) -> None:
    stages = result_of(trained)["model_stages"]
    assert set(stages) == {"best", "last"}
    assert stages["best"]["files"] == ["model.pt", "model.onnx"]
    for name, stage in stages.items():
        assert stage["stage_name"] == name
        assert {"timestamp", "mAP", "mAR", "tp", "fp", "fn"} <= set(stage)
        for file in stage["files"]:
            assert (trained / "out" / "models" / name / file).stat().st_size > 0


def test_every_epoch_has_its_metrics(trained: Path) -> None:
    rows = epochs_of(trained)
    assert [row["epoch"] for row in rows] == list(range(1, 9))
    wanted = {"epochs", "loss", "loss_box", "loss_cls", "lr", "mAP50", "mAP50_95", "seconds"}
    assert all(wanted <= set(row) for row in rows)
    assert rows[-1]["mAP50"] is not None
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_monitor_ends_at_one_and_names_the_task(trained: Path) -> None:
    task, moment, share, state, code = (trained / "out" / "monitor.txt").read_text().strip().split("\t")
    assert (task, float(share), state, code) == ("t07", 1.0, "2", "0")
    assert float(moment) == pytest.approx(time.time(), abs=3600)


def test_event_file_is_framed_with_valid_checksums(trained: Path) -> None:
    (path,) = (trained / "out" / "tensorboard").iterdir()
    data, records = path.read_bytes(), 0
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        event, stored = data[12 : 12 + length], data[12 + length : 16 + length]
        crc = events.crc32c(event)
        assert stored == struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
        data, records = data[16 + length :], records + 1
    assert records == 9  # the header and eight epochs


def test_crc32c_known_answer() -> None:
    assert events.crc32c(b"123456789") == 0xE3069283


def test_no_state_is_left_behind(trained: Path) -> None:
    assert not list((trained / "out").glob("training-state*"))


def test_checkpoint_remembers_classes_and_training_images(trained: Path) -> None:
    found = checkpoint.load(trained / "out" / "models" / "best" / "model.pt")
    assert found
    assert found.class_names == scenes.CLASSES
    assert sum(found.class_counts) > 24
    assert len(found.features) == 24


def test_killed_training_goes_on_where_it_was(tmp_path: Path) -> None:
    env = scenes.training_env(tmp_path, count=16, epochs=8, min_batches=3, export_onnx="False")
    first = start(env)
    wait_for_epoch(first, tmp_path, 3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    done = len(epochs_of(tmp_path))
    assert done < 8

    second = start(env)
    _, log = second.communicate(timeout=60)
    assert second.returncode == 0, log
    resumed = int(log.split("Resuming after epoch ")[1].split()[0])
    assert done - 1 <= resumed <= done
    assert [row["epoch"] for row in epochs_of(tmp_path)] == list(range(1, 9))
    assert set(result_of(tmp_path)["model_stages"]) == {"best", "last"}


def test_stopped_training_leaves_a_valid_result_and_no_success(tmp_path: Path) -> None:
    process = start(scenes.training_env(tmp_path, count=16, epochs=200))
    wait_for_epoch(process, tmp_path, 2)
    process.terminate()
    _, log = process.communicate(timeout=20)
    assert process.returncode == 143
    assert "Traceback" not in log
    assert "best" in result_of(tmp_path)["model_stages"]
    assert (tmp_path / "out" / "training-state.pt").exists()


def test_time_limit_ends_the_schedule(tmp_path: Path, run: Callable[[Path], int]) -> None:
    begin = time.monotonic()
    assert run(scenes.training_env(tmp_path, count=8, epochs=5000, max_minutes="0.05", export_onnx=False)) == 0
    assert time.monotonic() - begin < 20
    rows = epochs_of(tmp_path)
    assert rows[-1]["lr"] < 0.2 * max(row["lr"] for row in rows)
    assert rows[-1]["mAP50"] is not None


def test_training_starts_from_given_weights_with_other_classes(
    tmp_path: Path, trained: Path, run: Callable[[Path], int]
) -> None:
    folder = tmp_path / "in" / "models" / "best"
    folder.mkdir(parents=True)
    (folder / "model.pt").write_bytes((trained / "out" / "models" / "best" / "model.pt").read_bytes())
    (folder / "notes.yaml").write_text("not: weights")
    given = [str(folder / "notes.yaml"), str(folder / "model.pt")]
    env = scenes.training_env(
        tmp_path,
        epochs=1,
        class_names=["square", "disc", "ring"],
        pretrained_model_params=given,
        learning_rate=0.0002,
        export_onnx=False,
    )
    assert run(env) == 0
    assert result_of(tmp_path)["mAP"] > 0.4, "one short epoch cannot learn this from nothing"
