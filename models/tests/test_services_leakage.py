"""What a training set shares with the sets that judge."""

import pytest

from models.held_out import HeldOut
from models.services import leakage
from models.tests import builders

pytestmark = pytest.mark.django_db


def test_shared_images_are_counted_whatever_their_annotations(project):
    training = builders.version(project, "training", builders.SCENES)
    other = builders.version(project, "other", {"a": [("RBC", 1, 1, 9, 9)], "new": []})
    apart = builders.version(project, "apart", {"else": []})
    assert leakage.shared(training, other) == 1
    assert leakage.shared(training, training) == 4
    assert leakage.shared(training, apart) == 0


def test_a_version_in_two_roles_is_told_once_by_the_first(project):
    training = builders.version(project, "training", builders.SCENES)
    judge = builders.version(project, "judge", {"a": builders.SCENES["a"]})
    found = leakage.leaks(training, [HeldOut(judge, "validation set"), HeldOut(judge, "test set")])
    assert [(leak.held_out.role, leak.shared) for leak in found] == [("validation set", 1)]
