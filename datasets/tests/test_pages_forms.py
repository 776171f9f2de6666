"""Import, export and the operations, from their forms to the jobs they submit."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from datasets.models import DatasetVersion
from datasets.services import exports, imports
from datasets.tests.conftest import MakeJob, MakeVersion
from datasets.tests.packages import make_folder, make_zip, picture, voc, voc_object
from datasets.uploads import kept_name
from executors.models import Job
from projects.models import Project

FILES = {"images/a.jpg": picture(9), "annotations/a.xml": voc(voc_object("RBC"), voc_object("Platelets"))}


@pytest.fixture
def browser(editor: User, as_user: Callable[[User], Client]) -> Client:
    return as_user(editor)


@pytest.fixture
def import_root(settings: Any, tmp_path: Path) -> Path:
    """A folder of the server from which may be imported."""
    root = tmp_path / "shared"
    root.mkdir()
    settings.YMIR_IMPORT_ROOTS = [root]
    return root


def upload(data: bytes, name: str = "ward.zip") -> SimpleUploadedFile:
    """Return a file as a browser sends it."""
    return SimpleUploadedFile(name, data, content_type="application/zip")


def send(client: Client, project: Project, **values: Any) -> HttpResponse:
    """Post the import form."""
    defaults = {"name": "ward-b", "format": "auto", "unknown": "add", "token": uuid.uuid4()}
    return client.post(reverse("datasets:import", args=[project.pk]), {**defaults, **values})


def uploads(data_root: Path) -> list[Path]:
    """Return every file and folder of uploads."""
    return list((data_root / "uploads").rglob("*"))


def test_an_uploaded_zip_becomes_a_version(browser: Client, project: Project, data_root: Path, tmp_path: Path) -> None:
    data = make_zip(tmp_path / "ward.zip", FILES).read_bytes()
    response = send(browser, project, file=upload(data), message="from ward b")
    job = Job.objects.get()
    assert response["Location"] == reverse("executors:job", args=[job.pk])
    assert Path(job.params["source"]).name == "ward.zip"
    assert Path(job.params["source"]).read_bytes() == data
    version = imports.run(job=job, progress=lambda _fraction, _words: None)
    assert (version.dataset.name, version.message, version.asset_count) == ("ward-b", "from ward b", 1)
    assert uploads(data_root) == []


def test_a_folder_of_the_server_is_imported_and_kept(browser: Client, project: Project, import_root: Path) -> None:
    folder = make_folder(import_root / "ward", FILES)
    send(browser, project, path=str(folder))
    imports.run(job=Job.objects.get(), progress=lambda _fraction, _words: None)
    assert (folder / "images" / "a.jpg").exists()


@pytest.mark.parametrize(
    "path", ["/etc", "../..", "/etc/passwd", "{root}/../secret", "{root}/missing", "{root}/link", "\0"]
)
def test_only_the_folders_meant_for_imports_are_read(
    path: str, browser: Client, project: Project, import_root: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").mkdir()
    (import_root / "link").symlink_to(tmp_path / "secret")
    response = send(browser, project, path=path.format(root=import_root))
    assert response.status_code == 422
    assert not Job.objects.exists()


def test_without_import_folders_the_form_asks_for_a_file_only(browser: Client, project: Project) -> None:
    page = browser.get(reverse("datasets:import", args=[project.pk])).content.decode()
    assert 'name="path"' not in page
    assert send(browser, project, path="/etc").status_code == 422


def test_a_file_over_the_limit_is_refused_and_not_kept(
    browser: Client, project: Project, data_root: Path, settings: Any
) -> None:
    settings.YMIR_MAX_UPLOAD_MB = 1
    response = send(browser, project, file=upload(b"x" * (1024 * 1024 + 1)))
    assert response.status_code == 422
    assert "the limit is 1.0 MB" in response.content.decode()
    assert uploads(data_root) == []


def test_the_limit_is_that_of_all_files_of_a_request(
    browser: Client, project: Project, data_root: Path, settings: Any
) -> None:
    settings.YMIR_MAX_UPLOAD_MB = 1
    half = b"x" * (600 * 1024)
    assert send(browser, project, other=upload(half), file=upload(half)).status_code == 422
    assert uploads(data_root) == []


@pytest.mark.parametrize("values", [{"name": "a@b"}, {"name": ""}, {"format": "zip"}, {"unknown": "maybe"}])
def test_an_upload_with_an_invalid_form_is_not_kept(
    values: dict[str, str], browser: Client, project: Project, data_root: Path
) -> None:
    assert send(browser, project, file=upload(b"PK"), **values).status_code == 422
    assert uploads(data_root) == []
    assert not Job.objects.exists()


def test_viewers_and_forged_requests_leave_no_upload(
    project: Project, viewer: User, editor: User, as_user: Callable[[User], Client], data_root: Path
) -> None:
    assert send(as_user(viewer), project, file=upload(b"PK")).status_code == 403
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(editor)
    assert send(forged, project, file=upload(b"PK")).status_code == 403
    assert uploads(data_root) == []
    assert not Job.objects.exists()


def test_the_same_form_sent_twice_imports_once(browser: Client, project: Project, data_root: Path) -> None:
    token = uuid.uuid4()
    first, second = (send(browser, project, file=upload(b"PK"), token=token) for _time in range(2))
    assert first["Location"] == second["Location"]
    assert Job.objects.count() == 1
    assert [path.name for path in uploads(data_root) if path.is_file()] == ["ward.zip"]


def test_a_source_must_be_named_and_only_one(browser: Client, project: Project, import_root: Path) -> None:
    folder = make_folder(import_root / "ward", FILES)
    assert send(browser, project).status_code == 422
    assert send(browser, project, path=str(folder), file=upload(b"PK")).status_code == 422


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("ward b.zip", "ward b.zip"),
        ("../../x.zip", "x.zip"),
        ("...", "upload.zip"),
        ("", "upload.zip"),
        ("图像.zip", "图像.zip"),
        ("a\nb.zip", "ab.zip"),
    ],
)
def test_an_upload_keeps_its_name_but_not_its_tricks(sent: str, kept: str) -> None:
    assert kept_name(sent) == kept


def test_a_very_long_name_is_cut(tmp_path: Path) -> None:
    name = kept_name("图" * 300 + ".zip")
    (tmp_path / name).touch()
    assert name.endswith(".zip")


# --- Operations -----------------------------------------------------------------------------------------------------
def operate(client: Client, project: Project, operation: str, /, **values: Any) -> HttpResponse:
    """Post the form of an operation."""
    url = reverse(f"datasets:{operation}", args=[project.pk])
    return client.post(url, {"name": "made", "token": uuid.uuid4(), **values})


def test_merging_takes_versions_from_the_oldest_to_the_newest(
    browser: Client, project: Project, make_version: MakeVersion
) -> None:
    first, second = make_version(images="ab"), make_version("more", images="bc")
    response = operate(browser, project, "merge", sources=[second.pk, first.pk], strategy="oldest")
    job = Job.objects.get()
    assert response["Location"] == reverse("executors:job", args=[job.pk])
    assert (job.kind, job.params["sources"]) == ("datasets.merge", [first.pk, second.pk])
    assert (job.params["strategy"], job.params["name"], job.project) == ("oldest", "made", project)


def test_filtering_submits_the_classes(browser: Client, project: Project, make_version: MakeVersion) -> None:
    version = make_version()
    operate(browser, project, "filter", source=version.pk, classes=["RBC"], exclude_classes=["WBC"])
    params = Job.objects.get().params
    assert (params["sources"], params["classes"], params["exclude_classes"]) == ([version.pk], ["RBC"], ["WBC"])


@pytest.mark.parametrize(("given", "count", "share"), [({"count": 2}, 2, None), ({"percent": "50"}, None, 0.5)])
def test_sampling_submits_a_number_or_a_share(
    given: dict[str, Any],
    count: int | None,
    share: float | None,
    browser: Client,
    project: Project,
    make_version: MakeVersion,
) -> None:
    operate(browser, project, "sample", source=make_version().pk, seed=7, **given)
    params = Job.objects.get().params
    assert (params["count"], params["share"], params["seed"]) == (count, share, 7)


def test_excluding_submits_what_is_left_out(browser: Client, project: Project, make_version: MakeVersion) -> None:
    pool, used = make_version("pool"), make_version("used", images="a")
    operate(browser, project, "exclude", source=pool.pk, excluded=[used.pk])
    assert Job.objects.get().params["sources"] == [pool.pk, used.pk]


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("merge", {"strategy": "newest"}, "Choose two versions or more."),
        ("filter", {}, "Choose at least one class"),
        ("filter", {"classes": ["RBC"], "exclude_classes": ["RBC"]}, "RBC: keep or leave out, not both."),
        ("filter", {"classes": ["Zebra"]}, "Zebra"),
        ("sample", {"seed": 1}, "one of the two"),
        ("sample", {"seed": 1, "count": 1, "percent": 1}, "one of the two"),
        ("sample", {"seed": 1, "count": 99}, "The version has 3 assets."),
        ("sample", {"seed": -1, "count": 1}, "0"),
        ("exclude", {}, "required"),
    ],
)
def test_what_an_operation_cannot_do_is_said(
    name: str, values: dict[str, Any], words: str, browser: Client, project: Project, make_version: MakeVersion
) -> None:
    version = make_version()
    chosen = {"sources": [version.pk]} if name == "merge" else {"source": version.pk}
    response = operate(browser, project, name, **chosen, **values)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", ["merge", "filter", "sample", "exclude"])
def test_versions_of_other_projects_cannot_be_used(
    name: str, browser: Client, project: Project, editor: User, make_version: MakeVersion
) -> None:
    elsewhere = make_version(project=Project.objects.create(name="Other", created_by=editor))
    here, _second = make_version(), make_version("more")
    page = browser.get(reverse(f"datasets:{name}", args=[project.pk]), {"version": elsewhere.pk}).content.decode()
    assert f'value="{here.pk}"' in page
    assert f'value="{elsewhere.pk}"' not in page
    fields = {"sources": [elsewhere.pk, here.pk], "source": elsewhere.pk, "excluded": [here.pk], "classes": ["RBC"]}
    response = operate(browser, project, name, **fields, strategy="newest", seed=1, count=1)
    assert response.status_code == 422


@pytest.mark.parametrize("name", ["merge", "filter", "sample", "exclude"])
def test_a_form_begins_with_the_version_it_was_opened_from(
    name: str, browser: Client, project: Project, make_version: MakeVersion
) -> None:
    version, _second = make_version(), make_version("more")
    page = browser.get(reverse(f"datasets:{name}", args=[project.pk]), {"version": version.pk}).content.decode()
    chosen = [line for line in page.splitlines() if f'value="{version.pk}"' in line]
    assert any("checked" in line or "selected" in line for line in chosen)


@pytest.mark.parametrize("version", ["x", "-1", "9" * 30, "0", "%00"])
def test_nonsense_in_the_address_chooses_nothing(version: str, browser: Client, project: Project) -> None:
    url = reverse("datasets:merge", args=[project.pk])
    assert browser.get(url, {"version": version}).status_code == 200


# --- Exports --------------------------------------------------------------------------------------------------------
def test_an_export_is_made_once_and_downloaded(
    project: Project, viewer: User, as_user: Callable[[User], Client], make_version: MakeVersion
) -> None:
    version, client = make_version(), as_user(viewer)
    url = reverse("datasets:export", args=[version.pk])
    locations = {client.post(url, {"format": "voc", "with_images": "on"})["Location"] for _time in range(2)}
    job = Job.objects.get()
    assert locations == {reverse("executors:job", args=[job.pk])}
    download = reverse("datasets:download", args=[version.pk, job.pk])
    assert client.get(download).status_code == 404
    path = exports.run(job=job, progress=lambda _fraction, _words: None)
    result = {"type": "export", "id": job.pk, "file": path.name, "bytes": path.stat().st_size}
    Job.objects.filter(pk=job.pk).update(state="succeeded", result=result)
    assert download in client.get(url).content.decode()
    response = client.get(download)
    assert b"".join(response.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]
    assert response["Content-Disposition"] == 'attachment; filename="smears-v1-voc.zip"'


def test_an_export_belongs_to_its_version_and_project(
    viewer: User,
    stranger: User,
    as_user: Callable[[User], Client],
    make_version: MakeVersion,
    make_job: MakeJob,
) -> None:
    version, other = make_version(), make_version(images="ab")
    params = {"version": version.pk, "format": "voc", "with_images": False}
    job = make_job(kind="datasets.export", state="pending", params=params)
    exports.run(job=job, progress=lambda _fraction, _words: None)
    Job.objects.filter(pk=job.pk).update(state="succeeded")
    address = reverse("datasets:download", args=[version.pk, job.pk])
    assert as_user(viewer).get(address).status_code == 200
    assert as_user(stranger).get(address).status_code == 404
    assert as_user(viewer).get(reverse("datasets:download", args=[other.pk, job.pk])).status_code == 404
    imported = make_job(state="succeeded", params={"version": version.pk})
    assert as_user(viewer).get(reverse("datasets:download", args=[version.pk, imported.pk])).status_code == 404


@pytest.mark.parametrize("format_name", ["", "auto", "../x"])
def test_unknown_formats_are_not_exported(format_name: str, browser: Client, make_version: MakeVersion) -> None:
    url = reverse("datasets:export", args=[make_version().pk])
    assert browser.post(url, {"format": format_name}).status_code == 422
    assert not Job.objects.exists()


def test_versions_are_never_changed_by_a_form(browser: Client, project: Project, make_version: MakeVersion) -> None:
    version = make_version()
    operate(browser, project, "sample", source=version.pk, count=1, seed=1, name=version.dataset.name)
    assert DatasetVersion.objects.count() == 1


def test_the_exports_of_a_version_are_found_by_an_index(make_version: MakeVersion) -> None:
    version = make_version()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    jobs = Job.objects.filter(kind="datasets.export", params__version=version.pk)
    assert "job_kind_version" in jobs.order_by().explain()


@pytest.mark.parametrize(("name", "count"), [("merge", 1), ("merge", 0), ("filter", 0), ("sample", 0), ("exclude", 1)])
def test_without_versions_enough_a_page_says_what_to_do_first(
    name: str, count: int, browser: Client, project: Project, make_version: MakeVersion
) -> None:
    for number in range(count):
        make_version(f"set-{number}")
    page = browser.get(reverse(f"datasets:{name}", args=[project.pk])).content.decode()
    assert "dataset version" in page
    assert reverse("datasets:import", args=[project.pk]) in page
    assert 'name="message"' not in page


def test_an_import_without_a_source_is_refused_at_its_field(browser: Client, project: Project) -> None:
    address = reverse("datasets:import", args=[project.pk])
    page = browser.get(address)
    assert page.context["form"]["file"].field.is_one_of_two
    refused = browser.post(address, {"name": "x", "format": "auto", "unknown": "add"})
    assert list(refused.context["form"].errors) == ["file"]


def test_the_trash_opens_where_something_lies(browser: Client, project: Project, make_version: MakeVersion) -> None:
    make_version().dataset.hide()
    assert browser.get(reverse("datasets:trash", args=[project.pk])).context["what"] == "datasets"
