"""Training: what is refused, what the run is given, and the model version it leaves."""

import pytest
import yaml

from executors.models import ExecutorImage, TaskTemplate
from executors.services import launch
from models.models import ModelVersion
from models.services import registry, results, training
from models.tests import builders
from models.weights import store

pytestmark = pytest.mark.django_db


@pytest.fixture
def sets(project):
    return {
        "training": builders.version(project, "smear-train", builders.SCENES),
        "validation": builders.version(project, "smear-val", {"v": builders.SCENES["a"]}),
    }


@pytest.fixture
def submit(project, owner, sets):
    def send(**values):
        given = {"project": project, "name": "smear-net", "config": {}, "by": owner, **sets} | values
        if "image" not in given:
            given["image"] = ExecutorImage.objects.first() or builders.image()
        return training.submit(**given)

    return send


def test_a_set_that_is_trained_on_does_not_judge(submit, sets):
    with pytest.raises(training.SameSet) as refusal:
        submit(validation=sets["training"])
    assert refusal.value.field == "validation"


def test_there_must_be_something_to_learn(submit, project):
    bare = builders.version(project, "bare", {"x": []})
    with pytest.raises(training.NothingToLearn, match=r"bare v1 has no annotation of the classes RBC, WBC") as refusal:
        submit(training=bare)
    assert refusal.value.field == "training"


def test_there_must_be_something_to_judge_by(submit, project):
    bare = builders.version(project, "bare", {"x": []})
    with pytest.raises(training.NothingToJudge) as refusal:
        submit(validation=bare)
    assert refusal.value.field == "validation"


def test_an_image_without_a_training_template_is_refused(submit):
    image = builders.image(reference="ymir/miner:1", name="Miner")
    image.templates.filter(task=TaskTemplate.Task.TRAINING).delete()
    with pytest.raises(launch.TaskNotOffered, match="Miner does not offer training"):
        submit(image=image)


def test_a_slip_of_the_finger_is_not_passed_on_in_silence(submit):
    with pytest.raises(launch.MisspeltParameter, match="epochs"):
        submit(config={"epoch": "3"})


def test_keys_that_resemble_none_of_the_template_are_passed_on(submit):
    assert submit(config={"ymir_debug": "1"}).params["config"] == {"ymir_debug": "1"}


@pytest.mark.parametrize(("config", "named"), [({"epochs": "many"}, "epochs"), ({"mosaic": "perhaps"}, "mosaic")])
def test_a_value_that_does_not_fit_the_template_is_refused(submit, config, named):
    with pytest.raises(launch.BadParameter) as refusal:
        submit(config=config)
    assert refusal.value.values["key"] == named


@pytest.mark.parametrize("name", ["", "a@1", "a/b", "a;b", "x" * 81, " a"])
def test_names_that_commands_cannot_carry_are_refused(submit, name):
    with pytest.raises(registry.BadModelName):
        submit(name=name)


def test_the_same_key_is_one_job(submit):
    assert submit(dedupe_key="form:1") == submit(dedupe_key="form:1")


def test_the_run_gets_images_annotations_and_its_configuration(submit):
    job = submit(config={"epochs": 3}, class_names=["WBC"])
    ctx = builders.context(job)
    spec = training.prepare(ctx)
    config = yaml.safe_load(ctx.work.config_file.read_text())
    assert config["epochs"] == 3
    assert config["optimizer"] == "adam"
    assert config["class_names"] == ["WBC"]
    assert "pretrained_model_params" not in config
    assert yaml.safe_load(ctx.work.env_file.read_text())["run_training"] is True
    lines = ctx.work.training_index.read_text().splitlines()
    assert len(lines) == len(builders.SCENES)
    photographs = list(ctx.work.assets_dir.rglob("*.jpg"))
    assert len(photographs) == len(builders.SCENES) + 1  # and the one of the validation set
    assert spec.name == f"t{job.pk:08d}"


def test_preparing_twice_is_preparing_once(submit):
    ctx = builders.context(submit())
    training.prepare(ctx)
    before = ctx.work.training_index.read_text()
    training.prepare(ctx)
    assert ctx.work.training_index.read_text() == before


def test_a_run_continues_from_a_checkpoint(submit, project, sets):
    model = builders.trained(project, training_version=sets["training"], validation_version=sets["validation"])
    job = submit(parent=model.recommended)
    ctx = builders.context(job)
    training.prepare(ctx)
    config = yaml.safe_load(ctx.work.config_file.read_text())
    assert config["pretrained_model_params"] == ["/in/models/epoch_4/model.pt"]
    assert (ctx.work.weights_dir / "epoch_4" / "model.pt").read_text().startswith("weights of epoch_4")
    builders.write_weights(ctx, {"epoch_1": 0.7})
    assert training.collect(ctx).parent == model


def test_what_is_left_becomes_the_next_version(submit, project, owner, data_root):
    first = builders.trained(project)
    job = submit(config={"epochs": 3}, message="more data")
    ctx = builders.context(job)
    builders.write_weights(ctx, {"epoch_1": 0.5, "epoch_3": 0.8, "last": 0.7})
    made = training.collect(ctx)
    assert (first.number, made.number) == (1, 2)
    assert made.registered_model == first.registered_model
    assert made.recommended.name == "epoch_3"
    assert made.recommended.metrics == {"mAP": 0.8}
    assert [each.name for each in made.checkpoints.all()] == ["epoch_1", "epoch_3", "last"]
    assert made.class_names == ["RBC", "WBC"]
    assert made.config["epochs"] == 3
    assert made.message == "more data"
    assert made.created_by == owner
    assert made.training_version.dataset.name == "smear-train"
    assert store.faults(data_root, made.weights_id) == []


def test_collecting_twice_makes_one_version(submit):
    ctx = builders.context(submit())
    builders.write_weights(ctx, {"best": 0.5})
    assert training.collect(ctx) == training.collect(ctx)
    assert ModelVersion.objects.count() == 1


def test_a_run_cut_short_is_marked(submit):
    ctx = builders.context(submit(), partial=True)
    builders.write_weights(ctx, {"best": 0.5})
    assert training.collect(ctx).is_partial


def test_a_run_without_a_result_says_so(submit):
    with pytest.raises(results.NoResult, match=r"models/result\.yaml"):
        training.collect(builders.context(submit()))


@pytest.mark.parametrize("text", ["[1, 2]", "model_stages: {}", "{", "model_stages: {a: {files: [../../x]}}"])
def test_a_result_that_makes_no_sense_says_why(submit, text):
    ctx = builders.context(submit())
    (ctx.work.out_dir / "models" / "result.yaml").write_text(text)
    with pytest.raises(results.BadResult, match=r"models/result\.yaml cannot be used"):
        training.collect(ctx)
    assert not ModelVersion.objects.exists()


def test_unsafe_stage_names_are_refused(submit):
    ctx = builders.context(submit())
    (ctx.work.out_dir / "models" / "m.pt").write_text("x")
    stages = {"../x": {"stage_name": "../x", "files": ["m.pt"], "timestamp": 1, "mAP": 0.1}}
    text = yaml.safe_dump({"best_stage_name": "../x", "mAP": 0.1, "model_stages": stages})
    (ctx.work.out_dir / "models" / "result.yaml").write_text(text)
    with pytest.raises(results.BadResult):
        training.collect(ctx)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"epochs": "abc"}, "'abc' is no whole number"),
        ({"epochs": "2.5"}, "'2.5' is no whole number"),
        ({"optimizer": "adma"}, "'adma' is none of adam, sgd"),
        ({"shm_size": "lots"}, "'lots' is not a size such as 16G"),
    ],
)
def test_values_that_cannot_be_right_start_no_job(submit, config, reason):
    TaskTemplate.objects.filter(task="training").update(
        source="epochs: 100\n# How weights are changed; adam or sgd\noptimizer: adam\nshm_size: 1G\n"
    )
    with pytest.raises(launch.BadParameter) as caught:
        submit(config=config)
    assert str(caught.value.text()) == f"{next(iter(config))}: {reason}"
