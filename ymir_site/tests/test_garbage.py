"""Garbage collection: only what nothing refers to, only after the grace period."""

import os
import time

import pytest
from django.core.management import call_command

from datasets.store import schema, writer
from datasets.store.assets import AssetStore
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
    for path in (asset, version):
        os.utime(path, (0, 0))
    assert _found(data_root) == {asset, version}
    store.add(data)
    writer.write_version(data_root, schema.empty())
    assert _found(data_root) == set()


def test_a_dry_run_removes_nothing(data_root, capsys):
    orphan = _leave(data_root / "versions" / "abc" / "assets.parquet")
    call_command("collect_garbage", "--dry-run", "--json")
    assert '"count": 1' in capsys.readouterr().out
    assert orphan.exists()
    call_command("collect_garbage", "--json")
    assert not orphan.exists()
