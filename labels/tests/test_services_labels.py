"""The class vocabulary."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from labels import services
from labels.models import LabelClass


@given(st.text(max_size=80))
def test_cleaning_a_name_is_idempotent(name):
    if services.is_valid_name(name):
        once = services.clean_name(name)
        assert services.clean_name(once) == once


@pytest.mark.parametrize("name", ["", "  ", "a;b", "a,b", "a\tb", "a\nb", 'a"b', "x" * 65, "a\x00b", "a\\b"])
def test_names_that_files_cannot_carry_are_refused(name):
    with pytest.raises(services.BadClassName):
        services.clean_name(name)


@pytest.mark.django_db
def test_aliases_lead_to_their_class():
    label = services.create(name="cat", aliases=["kitty"], by=None)
    assert services.resolve(["Kitty", "CAT", "dog"]) == {"Kitty": label, "CAT": label}


@pytest.mark.django_db
def test_a_name_is_taken_once_among_names_and_aliases():
    services.create(name="cat", aliases=["kitty"], by=None)
    with pytest.raises(services.NameTaken):
        services.create(name="Kitty", aliases=[], by=None)
    with pytest.raises(services.NameTaken):
        services.create(name="dog", aliases=["CAT"], by=None)
    assert not LabelClass.objects.filter(name="dog").exists()


@pytest.mark.django_db
def test_refused_aliases_leave_the_old_ones():
    services.create(name="cat", aliases=[], by=None)
    dog = services.create(name="dog", aliases=["hound"], by=None)
    with pytest.raises(services.NameTaken):
        services.set_aliases(label_class=dog, aliases=["cat"])
    assert [alias.name for alias in dog.aliases.all()] == ["hound"]


@pytest.mark.django_db
def test_ensure_keeps_the_order_and_adds_what_is_missing():
    services.create(name="cat", aliases=["kitty"], by=None)
    labels = services.ensure(names=["dog", "kitty", "Dog"], by=None)
    assert [label.name for label in labels] == ["dog", "cat"]


@pytest.mark.django_db(transaction=True)
def test_two_people_adding_the_same_name_make_one_class():
    def add(_number: int) -> None:
        services.ensure(names=["cat"], by=None)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(8)))
    assert LabelClass.objects.count() == 1


@pytest.mark.django_db
def test_the_page_adds_classes_with_aliases(as_user, editor, project):
    as_user(editor).post(reverse("labels:add"), {"lines": "cat: kitty, tomcat\ndog"})
    assert services.resolve(["tomcat"])["tomcat"].name == "cat"


@pytest.mark.django_db
def test_the_page_adds_all_or_nothing(as_user, editor, project):
    response = as_user(editor).post(reverse("labels:add"), {"lines": "cat\na;b"})
    assert response.status_code == 422
    assert not LabelClass.objects.filter(name="cat").exists()


@pytest.mark.django_db
def test_letters_that_are_small_in_several_ways_are_found_again():
    (label,) = services.ensure(names=["İnsan"], by=None)
    assert services.resolve(["İnsan"]) == {"İnsan": label}
    assert services.ensure(names=["İnsan"], by=None) == [label]


@pytest.mark.django_db
def test_the_admin_refuses_names_that_files_cannot_carry(admin_client):
    aliases = {"aliases-TOTAL_FORMS": 0, "aliases-INITIAL_FORMS": 0}
    answer = admin_client.post(reverse("admin:labels_labelclass_add"), {"name": "a;b", **aliases})
    assert answer.status_code == 200
    assert "cannot be a class name" in answer.content.decode()
    assert not LabelClass.objects.exists()
    admin_client.post(reverse("admin:labels_labelclass_add"), {"name": " cat ", **aliases})
    assert LabelClass.objects.get().name == "cat"


@pytest.mark.django_db
def test_a_search_survives_letters_that_no_database_holds(admin_client):
    assert admin_client.get(reverse("labels:list"), {"q": "a\0"}).status_code == 200
