"""Weights: stored once, carried as the contract's package, and refused when a package is unsound."""

import io
import tarfile
from pathlib import Path

import pytest
import yaml

from executors.contract import results
from models.weights import archive, store
from models.weights.archive import Limits
from models.weights.package import INFO_FILE, ModelPackage, PackageError, Stage, read_info
from models.weights.store import StoredWeights

NAMES = ("bolt", "a;b", "螺母")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """What an executor leaves: two stages, one in its own folder, one flat, and an attachment."""
    models = tmp_path / "out" / "models"
    for name, text in {"last/model.pt": "last", "best.pt": "best", "attachments/plots/loss.png": "png"}.items():
        (models / name).parent.mkdir(parents=True, exist_ok=True)
        (models / name).write_text(text)
    stages = {
        "last": {"stage_name": "last", "files": ["model.pt"], "timestamp": 20, "mAP": 0.4},
        "best": {"stage_name": "best", "files": ["best.pt"], "timestamp": 10, "mAP": 0.6, "tp": 3},
    }
    document = {"best_stage_name": "best", "mAP": 0.6, "model_stages": stages, "attachments": {"plots": ["loss.png"]}}
    (models / "result.yaml").write_text(yaml.safe_dump(document))
    return tmp_path / "out"


def collect(data_root: Path, out: Path) -> StoredWeights:
    result = results.read_training(out)
    return store.collect(data_root, out, result, class_names=NAMES, object_type=2, config={"epochs": 3})


def make_tar(path: Path, entries: dict[str, bytes], *, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, data in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def info(**more: object) -> bytes:
    document = {
        "executor_config": {"class_names": list(NAMES), "epochs": 3},
        "stages": {"e_1": {"stage_name": "e-1", "files": ["m.pt"], "timestamp": 5, "mAP": 0.5}},
        "best_stage_name": "e_1",
        "object_type": 2,
        "package_version": "2.0.0",
    }
    return yaml.safe_dump(document | more, allow_unicode=True).encode()


def test_a_result_is_stored_once_and_vouches_for_itself(tmp_path: Path, out: Path) -> None:
    first, again = collect(tmp_path, out), collect(tmp_path, out)
    assert first == again
    assert [path.name for path in (tmp_path / "weights").iterdir()] == [first.weights_id]
    assert list((tmp_path / "tmp").iterdir()) == []
    assert store.faults(tmp_path, first.weights_id) == []
    assert first.package.best == "best"
    assert first.package.metrics == {"mAP": 0.6, "tp": 3.0}


def test_what_is_read_back_is_what_was_stored(tmp_path: Path, out: Path) -> None:
    stored = collect(tmp_path, out)
    package = store.read(tmp_path, stored.weights_id)
    assert package.class_names == NAMES
    assert package.config == {"epochs": 3}
    assert package.files == stored.package.files
    (file,) = store.stage_files(tmp_path, stored.weights_id, package.stage("best"))
    assert file.read_text() == "best"


def test_damage_is_found(tmp_path: Path, out: Path) -> None:
    stored = collect(tmp_path, out)
    file = store.folder_of(tmp_path, stored.weights_id) / "last" / "model.pt"
    file.chmod(0o644)
    file.write_text("lost")
    assert store.faults(tmp_path, stored.weights_id) == ["last/model.pt"]
    (store.folder_of(tmp_path, stored.weights_id) / store.MANIFEST).unlink()
    assert store.faults(tmp_path, stored.weights_id) == [store.MANIFEST]


def test_a_run_gets_one_stage_by_link(tmp_path: Path, out: Path) -> None:
    stored = collect(tmp_path, out)
    models_dir = tmp_path / "job" / "in" / "models"
    for _attempt in range(2):
        (placed,) = store.place(tmp_path, stored.weights_id, "best", models_dir)
    assert placed == models_dir / "best" / "best.pt"
    assert placed.stat().st_nlink == 2
    assert sorted(path.name for path in models_dir.iterdir()) == ["best", INFO_FILE]
    with pytest.raises(KeyError):
        store.place(tmp_path, stored.weights_id, "none", models_dir)


@pytest.mark.parametrize("name", ["model.tar", "model.tar.gz"])
def test_packing_and_unpacking_give_the_same_weights(tmp_path: Path, out: Path, name: str) -> None:
    stored = collect(tmp_path, out)
    packed = archive.pack(tmp_path, stored.weights_id, tmp_path / name)
    other = tmp_path / "other"
    assert archive.unpack(other, packed).weights_id == stored.weights_id
    assert store.faults(other, stored.weights_id) == []


def test_a_single_stage_can_be_packed(tmp_path: Path, out: Path) -> None:
    stored = collect(tmp_path, out)
    packed = archive.pack(tmp_path, stored.weights_id, tmp_path / "m.tar", stages=("last",))
    package = archive.unpack(tmp_path / "other", packed).package
    assert ([stage.name for stage in package.stages], package.best) == (["last"], "last")


def test_a_package_carries_the_documented_info(tmp_path: Path, out: Path) -> None:
    stored = collect(tmp_path, out)
    with tarfile.open(archive.pack(tmp_path, stored.weights_id, tmp_path / "m.tar")) as tar:
        names = tar.getnames()
        document = yaml.safe_load(tar.extractfile(INFO_FILE))  # type: ignore[arg-type]
    assert names == [INFO_FILE, "best/best.pt", "last/model.pt", "attachments/plots/loss.png"]
    assert document["package_version"] == "2.0.0"
    assert document["executor_config"]["class_names"] == list(NAMES)
    assert document["stages"]["best"] == {
        "stage_name": "best",
        "files": ["best.pt"],
        "timestamp": 10,
        "mAP": 0.6,
        "tp": 3.0,
    }


def test_stage_folders_may_have_either_name_or_none(tmp_path: Path) -> None:
    for number, place in enumerate(("e_1/m.pt", "e-1/m.pt", "./e-1/m.pt", "m.pt")):
        path = make_tar(tmp_path / f"{number}.tar", {INFO_FILE: info(), place: b"weights"})
        assert archive.unpack(tmp_path, path).package.files == ("e_1/m.pt",)
    assert len(list((tmp_path / "weights").iterdir())) == 1


def test_the_flat_form_before_version_2_is_upgraded(tmp_path: Path) -> None:
    old = {
        "executor_config": {"class_names": ["cat"]},
        "models": ["a.params", "b.json"],
        "task_context": {"mAP": "0.61"},
    }
    entries = {INFO_FILE: yaml.safe_dump(old).encode(), "a.params": b"a", "b.json": b"b"}
    package = archive.unpack(tmp_path, make_tar(tmp_path / "old.tar.gz", entries, mode="w:gz")).package
    assert package.best == results.LEGACY_STAGE
    assert package.metrics == {"mAP": 0.61}
    assert package.stage(package.best).files == ("a.params", "b.json")
    assert yaml.safe_load(package.info())["package_version"] == "2.0.0"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"executor_config": {}}, "no_classes"),
        ({"stages": {}}, "no_stages"),
        ({"stages": {"../e": {"files": ["m.pt"]}}}, "unsafe_name"),
        ({"stages": {"e": {"files": ["../m.pt"]}}}, "unsafe_name"),
        ({"stages": {"attachments": {"files": ["m.pt"]}}}, "unsafe_name"),
        ({"attachments": {"..": ["m.pt"]}}, "unsafe_name"),
        ({"stages": {"e": {"files": ["absent.pt"]}}}, "missing_file"),
    ],
)
def test_info_that_makes_no_sense_is_refused(tmp_path: Path, more: dict[str, object], reason: str) -> None:
    path = make_tar(tmp_path / "m.tar", {INFO_FILE: info(**more), "e-1/m.pt": b"weights", "m.pt": b"weights"})
    with pytest.raises(PackageError) as caught:
        archive.unpack(tmp_path / "data", path)
    assert caught.value.reason == reason
    assert not (tmp_path / "data" / "weights").exists()


def test_no_info_or_no_tar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("not a tar")
    cases = {"no_info": make_tar(tmp_path / "m.tar", {"m.pt": b"x"}), "broken": tmp_path / "text.tar"}
    for reason, path in cases.items():
        with pytest.raises(PackageError) as caught:
            archive.unpack(tmp_path, path)
        assert caught.value.reason == reason
    with pytest.raises(PackageError, match="bad_info"):
        read_info("[1, 2")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_package_cut_short_is_refused(tmp_path: Path, mode: str) -> None:
    path = make_tar(tmp_path / "m.tar", {INFO_FILE: info(), "m.pt": bytes(range(256)) * 400}, mode=mode)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PackageError) as caught:
        archive.unpack(tmp_path, path)
    assert caught.value.reason in {"broken", "missing_file", "no_info"}


@pytest.mark.parametrize("name", ["../m.pt", "/etc/m.pt", "e-1/../../m.pt", "C:\\m.pt"])
def test_paths_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    path = make_tar(tmp_path / "m.tar", {INFO_FILE: info(), name: b"weights"})
    with pytest.raises(PackageError, match="unsafe_path"):
        archive.unpack(tmp_path, path)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "link"), (tarfile.FIFOTYPE, "special_file")],
)
def test_links_and_pipes_are_refused(tmp_path: Path, kind: bytes, reason: str) -> None:
    path = make_tar(tmp_path / "m.tar", {INFO_FILE: info()})
    with tarfile.open(path, "a") as tar:
        member = tarfile.TarInfo("m.pt")
        member.type, member.linkname = kind, INFO_FILE
        tar.addfile(member)
    with pytest.raises(PackageError) as caught:
        archive.unpack(tmp_path, path)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(entries=1), "too_many_entries"),
        (Limits(entry_bytes=999), "too_large"),
        (Limits(total_bytes=999), "too_large"),
    ],
)
def test_a_package_beyond_the_limits_is_refused(tmp_path: Path, limits: Limits, reason: str) -> None:
    path = make_tar(tmp_path / "m.tar", {INFO_FILE: info(), "m.pt": b"0" * 1000}, mode="w:gz")
    with pytest.raises(PackageError) as caught:
        archive.unpack(tmp_path, path, limits)
    assert caught.value.reason == reason


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("x")
    member.type, member.size = tarfile.XHDTYPE, 2 << 30
    path = tmp_path / "m.tar"
    path.write_bytes(member.tobuf() + bytes(1024))
    with pytest.raises(PackageError, match="too_large"):
        archive.unpack(tmp_path, path)


def test_unsafe_stage_names_of_a_result_are_refused(tmp_path: Path) -> None:
    package = ModelPackage((Stage("../up", ("m.pt",)),), "../up", NAMES)
    with pytest.raises(PackageError, match="unsafe_name"):
        store.publish(tmp_path, package, lambda path: io.BytesIO(path.encode()))


def test_a_stream_is_a_package_of_the_length_it_says(tmp_path: Path, out: Path) -> None:
    stored = collect(tmp_path, out)
    streamed = archive.stream(tmp_path, stored.weights_id)
    data = b"".join(streamed.chunks)
    assert len(data) == streamed.size
    (tmp_path / "package.tar").write_bytes(data)
    assert archive.unpack(tmp_path, tmp_path / "package.tar").weights_id == stored.weights_id


def test_a_stream_of_nothing_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        archive.stream(tmp_path, "0" * 64)
