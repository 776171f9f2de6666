"""Mining: what is refused, the candidates a run is given, and the version that the chosen ones become."""

import polars as pl
import pytest
import yaml

from datasets.models import DatasetVersion
from datasets.services import versions
from executors.models import TaskTemplate
from executors.services import launch
from models.services import mining, results
from models.tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(project):
    return builders.trained(project)


@pytest.fixture
def pool(project):
    return builders.version(project, "pool", {f"p{number}": [] for number in range(5)})


@pytest.fixture
def submit(project, owner, model, pool):
    def send(**values):
        given = {"name": "smear-mined", "image": model.image, "checkpoint": model.recommended, "candidates": pool}
        return mining.submit(project=project, by=owner, **({"top_k": 2, "config": {}} | given | values))

    return send


@pytest.mark.parametrize("top_k", [0, -1, 6])
def test_no_more_can_be_chosen_than_there_are(submit, top_k):
    with pytest.raises(mining.TopKTooLarge, match="there are 5 candidates") as refusal:
        submit(top_k=top_k)
    assert refusal.value.field == "top_k"


def test_names_and_values_are_checked_before_anything_runs(submit, model):
    with pytest.raises(versions.BadDatasetName):
        submit(name="a@1")
    with pytest.raises(launch.BadParameter):
        submit(config={"seed": "x"})
    model.image.templates.filter(task=TaskTemplate.Task.MINING).delete()
    with pytest.raises(launch.TaskNotOffered):
        submit()


def test_the_run_gets_candidates_and_weights_but_no_labels(submit):
    ctx = builders.context(submit())
    mining.prepare(ctx)
    config = yaml.safe_load(ctx.work.config_file.read_text())
    assert config["model_params_path"] == ["/in/models/epoch_4/model.pt"]
    assert (config["run_mining"], config["run_infer"]) == (True, False)
    assert config["class_names"] == ["RBC", "WBC"]
    assert len(ctx.work.candidate_index.read_text().splitlines()) == 5
    assert not list(ctx.work.annotations_dir.rglob("*.*"))


def test_the_first_of_the_ranking_become_a_version(submit, pool, model, owner):
    job = submit(message="round 1")
    ctx = builders.context(job)
    ranking = versions.load(pool).hex()[::-1]
    builders.write_ranking(ctx, [*ranking[:3], "0" * 64, ranking[0], *ranking[3:]])
    made = mining.collect(ctx)
    assert made.ref == "smear-mined@1"
    assert made.operation == DatasetVersion.Operation.MINE
    assert sorted(versions.load(made).hex()) == sorted(ranking[:2])
    assert made.annotation_count == 0
    assert [link.parent for link in made.parent_links.all()] == [pool]
    assert made.params["model"] == model.ref
    assert (made.job, made.created_by, made.message) == (job, owner, "round 1")
    scores = pl.read_parquet(mining.scores_file(job))
    assert scores["asset"].to_list() == ranking
    assert scores["score"][0] == 1.0


def test_labels_of_candidates_do_not_come_along(submit, project):
    labeled = builders.version(project, "labeled", builders.SCENES)
    ctx = builders.context(submit(candidates=labeled))
    builders.write_ranking(ctx, versions.load(labeled).hex())
    assert mining.collect(ctx).annotation_count == 0


def test_a_ranking_shorter_than_asked_for_is_taken_whole(submit, pool):
    ctx = builders.context(submit(top_k=4))
    builders.write_ranking(ctx, versions.load(pool).hex()[:3])
    assert mining.collect(ctx).asset_count == 3


def test_collecting_twice_makes_one_version(submit, pool):
    ctx = builders.context(submit())
    builders.write_ranking(ctx, versions.load(pool).hex())
    assert mining.collect(ctx) == mining.collect(ctx)
    assert DatasetVersion.objects.filter(dataset__name="smear-mined").count() == 1


def test_a_run_without_a_ranking_says_so(submit):
    job = submit()
    ctx = builders.context(job)
    with pytest.raises(results.NoResult, match=r"result\.tsv"):
        mining.collect(ctx)
    (ctx.work.out_dir / "result.tsv").write_text("")
    with pytest.raises(results.NoResult):
        mining.collect(ctx)
    (ctx.work.out_dir / "result.tsv").write_text("nobody\t0.5\n")
    with pytest.raises(results.BadResult):
        mining.collect(ctx)
    assert not DatasetVersion.objects.filter(dataset__name="smear-mined").exists()
    assert not mining.scores_file(job).exists()
