"""The admin shows models and what they are made of, and changes nothing."""

import pytest
from django.urls import reverse

from models.tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(project):
    model = builders.trained(project)
    prediction = builders.predicted(model, model.training_version)
    return {
        "models_registeredmodel": model.registered_model,
        "models_modelversion": model,
        "models_prediction": prediction,
        "models_evaluation": builders.judged(prediction),
        "datasets_dataset": model.training_version.dataset,
        "datasets_datasetversion": builders.mined(model, model.training_version),
    }


def test_lists_and_rows_are_shown_but_not_changed(as_user, make_user, shown):
    client = as_user(make_user("root", is_superuser=True, is_staff=True))
    for name, row in shown.items():
        listed = client.get(reverse(f"admin:{name}_changelist"), {"q": "smear"})
        assert listed.status_code == 200
        assert str(row) in listed.content.decode()
        address = reverse(f"admin:{name}_change", args=[row.pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {"name": "x"}).status_code == 403
        assert client.get(reverse(f"admin:{name}_add")).status_code == 403
        assert client.post(reverse(f"admin:{name}_delete", args=[row.pk])).status_code == 403
