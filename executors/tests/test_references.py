"""How jobs name things of apps above, of which this app knows nothing but a type and a number."""

import pytest
from django.urls import reverse

from executors import references
from executors.references import Reference, ReferenceType
from executors.tests import builders


@pytest.fixture
def basket(monkeypatch):
    """A type that only this test has: baskets, of which number 5 is gone."""
    asked = []

    def names(ids):
        asked.append(sorted(ids))
        return {pk: f"basket <{pk}>" for pk in ids if pk != 5}

    kind = ReferenceType(
        "basket", "Basket", "projects:settings", names, {"basket": "Basket", "baskets": "From baskets"}
    )
    nameless = ReferenceType("crate", "Crate", "projects:settings")
    monkeypatch.setattr(references, "_types", {**references._types, "basket": kind, "crate": nameless})
    return asked


def page(pk):
    return reverse("projects:settings", args=[pk])


def test_a_type_whose_pages_are_missing_has_a_name_only(monkeypatch):
    monkeypatch.setattr(references, "_types", {"basket": ReferenceType("basket", "Basket", "nowhere:basket")})
    assert references.resolve([("basket", 1)]) == {("basket", 1): Reference("Basket 1", "")}


def test_things_are_named_with_one_question_for_each_type(basket):
    found = references.resolve([("basket", 1), ("basket", 2), ("crate", 3), ("unheard", 1), ("basket", "x")])
    assert basket == [[1, 2]]
    assert found == {
        ("basket", 1): Reference("basket <1>", page(1)),
        ("basket", 2): Reference("basket <2>", page(2)),
        ("crate", 3): Reference("Crate 3", page(3)),
    }


def test_what_is_gone_keeps_its_type_and_number(basket):
    assert references.resolve([("basket", 5)]) == {("basket", 5): Reference("Basket 5", page(5))}


@pytest.mark.django_db
def test_parameters_that_name_things_become_links(basket, as_user, project, viewer):
    params = {"basket": 1, "baskets": [2, 5, None], "other": 2}
    html = (
        as_user(viewer).get(reverse("executors:job", args=[builders.job(project, params=params).pk])).content.decode()
    )
    assert f'<a href="{page(1)}">basket &lt;1&gt;</a>' in html
    assert "From baskets" in html
    assert f'<a href="{page(2)}">basket &lt;2&gt;</a>, <a href="{page(5)}">Basket 5</a>' in html
    assert basket == [[1, 2, 5]]


@pytest.mark.django_db
def test_where_a_source_lay_on_the_host_is_not_told(as_user, project, viewer):
    job = builders.job(project, params={"source": "/srv/secret/place/blood.zip"})
    html = as_user(viewer).get(reverse("executors:job", args=[job.pk])).content.decode()
    assert "blood.zip" in html
    assert "/srv/secret" not in html
