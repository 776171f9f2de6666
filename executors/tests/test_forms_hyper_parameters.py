"""The form made from an image's own template."""

import pytest
from django import forms

from executors.contract.errors import ConfigError
from executors.forms import HyperParameterForm
from executors.tests.builders import TRAINING

UNTOUCHED = {
    "config-epochs": "100",
    "config-learning_rate": "0.002",
    "config-mosaic": "on",
    "config-optimizer": "adam",
    "config-name": "",
    "config-sizes": "320, 640",
}


def changed(**values: str) -> dict[str, object]:
    form = HyperParameterForm(TRAINING, UNTOUCHED | {f"config-{key}": value for key, value in values.items()})
    assert form.is_valid(), form.errors
    return form.changed()


def test_fields_are_typed_and_explained():
    fields = HyperParameterForm(TRAINING).fields
    assert isinstance(fields["epochs"], forms.IntegerField)
    assert fields["epochs"].help_text == "Passes over the training images"
    assert isinstance(fields["learning_rate"], forms.FloatField)
    assert isinstance(fields["mosaic"], forms.BooleanField)
    assert [value for value, _label in fields["optimizer"].choices] == ["adam", "sgd"]


def test_what_the_platform_sets_is_not_asked_for():
    assert {"gpu_id", "class_names"}.isdisjoint(HyperParameterForm(TRAINING).fields)


def test_comments_cannot_bring_markup():
    html = HyperParameterForm(TRAINING).as_p()
    assert "<b>rate</b>" not in html
    assert "&lt;b&gt;rate&lt;/b&gt;" in html


def test_an_untouched_form_changes_nothing():
    assert changed() == {}


def test_a_form_posted_as_it_was_drawn_changes_nothing():
    unbound = HyperParameterForm(TRAINING)
    drawn = {bound.html_name: bound.value() for bound in unbound}
    posted = {name: str(value) for name, value in drawn.items() if value is not False}
    form = HyperParameterForm(TRAINING, posted)
    assert form.is_valid(), form.errors
    assert form.changed() == {}


def test_changes_keep_the_types_of_the_template():
    assert changed(epochs="30", learning_rate="1", optimizer="sgd", name="x", sizes="320") == {
        "epochs": 30,
        "learning_rate": 1.0,
        "optimizer": "sgd",
        "name": "x",
        "sizes": [320],
    }


def test_an_unticked_box_is_false():
    form = HyperParameterForm(TRAINING, {key: value for key, value in UNTOUCHED.items() if key != "config-mosaic"})
    assert form.is_valid()
    assert form.changed() == {"mosaic": False}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", "many"),
        ("epochs", ""),
        ("epochs", "1.5"),
        ("learning_rate", "inf"),
        ("optimizer", "other"),
        ("sizes", "[1"),
    ],
)
def test_values_that_do_not_fit_are_refused_at_their_field(key, value):
    form = HyperParameterForm(TRAINING, UNTOUCHED | {f"config-{key}": value})
    assert not form.is_valid()
    assert list(form.errors) == [key]


def test_an_earlier_run_fills_the_form():
    form = HyperParameterForm(TRAINING, initial={"epochs": 7, "sizes": [1, 2], "task_id": "t1", "unknown": 1})
    assert form["epochs"].value() == 7
    assert form["sizes"].value() == "1, 2"
    assert "unknown" not in form.initial


def test_numbers_can_be_choices():
    form = HyperParameterForm("size: 320  # 320|640\n", {"config-size": "640"})
    assert form.is_valid()
    assert form.changed() == {"size": 640}


def test_a_value_of_nothing_stays_nothing():
    form = HyperParameterForm("weights: null\n", {"config-weights": ""})
    assert form.is_valid()
    assert form.changed() == {}


def test_a_template_that_is_no_mapping_is_refused():
    with pytest.raises(ConfigError):
        HyperParameterForm("- a\n- b\n")
