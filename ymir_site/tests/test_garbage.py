"""Garbage collection: only what nothing refers to, only after the grace period."""

import json
import os
import time

import pytest
from django.core.management import call_command

from datasets import selectors, thumbnails
from datasets.store import schema, writer
from datasets.store.assets import AssetStore
from datasets.store.query import Query
from datasets.tests.packages import picture
from ymir_site import garbage

pytestmark = pytest.mark.django_db
DAY = 86400.0


def _leave(path, *, age=2 * DAY):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 10)
    moment = time.time() - age
    for each in (path, path.parent):
        os.utime(each, (moment, moment))
    return path


def _found(root):
    return {each.path for each in garbage.find(root, older_than=DAY, now=time.time())}


def test_an_empty_data_root_has_no_garbage(data_root):
    assert _found(data_root) == set()


def test_orphans_of_a_killed_process_are_found(data_root):
    version = _leave(data_root / "versions" / "abc" / "assets.parquet").parent
    staged = _leave(data_root / "tmp" / "x" / "file").parent
    weights = _leave(data_root / "weights" / "w" / "model.pt").parent
    asset = _leave(data_root / "assets" / "ab" / "cd" / "abcd")
    assert _found(data_root) == {version, staged, weights, asset}


def test_what_is_young_stays(data_root):
    _leave(data_root / "versions" / "abc" / "assets.parquet", age=60)
    assert _found(data_root) == set()


def test_what_is_written_again_is_young_again(data_root):
    store, data = AssetStore(data_root), picture(1)
    asset, version = store.path(store.add(data).asset), writer.write_version(data_root, schema.empty()).path
    for path in (asset, version, *version.iterdir()):
        os.utime(path, (0, 0))
    assert _found(data_root) == {asset, version}
    store.add(data)
    writer.write_version(data_root, schema.empty())
    assert _found(data_root) == set()


def test_what_only_versions_that_are_gone_had_is_found(data_root):
    with_names = {
        "scores": _leave(data_root / "scores" / "7.parquet"),
        "reports": _leave(data_root / "reports" / "7.json"),
        "thumbnails": _leave(data_root / "thumbnails" / "ab" / "cd" / f"{'ab' * 32}-320.webp"),
        "samples": _leave(data_root / "samples" / "workbench-1-10" / "complete").parent,
    }
    assert _found(data_root) == set(with_names.values())


def test_what_a_version_shows_stays(data_root, make_version, make_job):
    job = make_job(state="succeeded")
    version = make_version(job=job)
    asset = selectors.select(version, Query(), "mixed")[0].asset
    store = AssetStore(data_root)
    _leave(data_root / "scores" / f"{job.pk}.parquet")
    _leave(data_root / "reports" / f"{job.pk}.json")
    _leave(thumbnails.path(data_root, asset, 320))
    os.utime(store.path(asset), (0, 0))
    assert _found(data_root) == set()


def test_a_job_under_way_keeps_what_it_may_have_begun(data_root, make_job):
    job = make_job(state="running")
    kept = [
        _leave(data_root / "scores" / f"{job.pk}.parquet"),
        _leave(data_root / "uploads" / "u" / "a.zip"),
        _leave(data_root / "samples" / "s" / "a.jpg"),
        _leave(data_root / "assets" / "ab" / "cd" / "abcd"),
        _leave(data_root / "thumbnails" / "ab" / "cd" / "abcd-320.webp"),
    ]
    gone = _leave(data_root / "scores" / f"{job.pk + 1}.parquet")
    assert _found(data_root) == {gone}
    assert all(path.exists() for path in kept)


def test_a_folder_is_as_old_as_its_youngest_file(data_root):
    staged = _leave(data_root / "tmp" / "x" / "deep" / "file")
    os.utime(staged.parent.parent, (0, 0))
    assert _found(data_root) == {staged.parent.parent}
    os.utime(staged)
    assert _found(data_root) == set()


@pytest.mark.parametrize("name", ["versions/abc/assets.parquet", "assets/ab/cd/abcd"])
def test_what_is_written_again_between_finding_and_removing_is_put_back(data_root, name):
    _leave(data_root / name)
    [found] = list(garbage.find(data_root, older_than=DAY, now=time.time()))
    os.utime(found.path)
    assert not garbage.remove(found)
    assert (data_root / name).read_bytes() == b"x" * 10
    assert [path.name for path in found.path.parent.iterdir()] == [found.path.name]


def test_a_dry_run_removes_nothing(data_root, capsys):
    orphan = _leave(data_root / "versions" / "abc" / "assets.parquet")
    call_command("collect_garbage", "--dry-run", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["kinds"] == {"version": {"count": 1, "bytes": 10}}
    assert orphan.exists()
    call_command("collect_garbage", "--json")
    assert json.loads(capsys.readouterr().out)["kinds"] == told["kinds"]
    assert not orphan.parent.exists()
