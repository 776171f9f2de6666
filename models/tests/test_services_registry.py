"""The registry: finding versions by name, recommending a checkpoint, hiding, and facts for commands."""

import json

import pytest

from models.models import ModelVersion
from models.services import registry
from models.tests import builders
from projects import services as projects

pytestmark = pytest.mark.django_db


@pytest.fixture
def model(project):
    return builders.trained(project)


def test_versions_are_found_by_name_and_number(project, model):
    second = builders.trained(project)
    assert registry.resolve(project, "smear-net") == second
    assert registry.resolve(project, "smear-net@1") == model


@pytest.mark.parametrize(
    "ref", ["", "@1", "other", "smear-net@3", "smear-net@", "smear-net@x", "smear-net@0", "smear-net@99999999999999"]
)
def test_what_is_not_there_is_said(project, model, ref):
    if ref == "smear-net@":
        assert registry.resolve(project, ref) == model  # nothing after the @ is the newest
        return
    with pytest.raises(registry.ModelNotFound):
        registry.resolve(project, ref)


def test_versions_of_other_projects_are_not_found(model, owner):
    other = projects.create(name="Other", classes=["RBC"], by=owner)
    with pytest.raises(registry.ModelNotFound):
        registry.resolve(other, "smear-net")


def test_a_hidden_version_is_not_found_until_it_is_restored(project, model):
    registry.hide(thing=model)
    with pytest.raises(registry.ModelNotFound):
        registry.resolve(project, "smear-net@1")
    registry.restore(thing=model)
    assert registry.resolve(project, "smear-net@1") == model


def test_numbers_of_hidden_versions_are_not_given_again(project, model):
    registry.hide(thing=model)
    assert builders.trained(project).number == 2


def test_another_checkpoint_can_be_recommended(model):
    other = model.checkpoints.get(name="epoch_2")
    registry.recommend(checkpoint=other)
    model = ModelVersion.objects.get(pk=model.pk)
    assert registry.checkpoint_of(model) == other


def test_a_version_without_recommendation_cannot_run(model):
    ModelVersion.objects.filter(pk=model.pk).update(recommended=None)
    with pytest.raises(registry.NoCheckpoint):
        registry.checkpoint_of(ModelVersion.objects.get(pk=model.pk))


def test_facts_are_json(model):
    facts = registry.facts(model)
    assert json.loads(json.dumps(facts)) == facts
    assert (facts["model"], facts["version"], facts["recommended"]) == ("smear-net", 1, "epoch_4")
    assert facts["metrics"] == {"mAP": 0.6}
    assert [each["name"] for each in facts["checkpoints"]] == ["epoch_2", "epoch_4"]
    assert (facts["training"], facts["validation"]) == ("smear-train@1", "smear-val@1")
