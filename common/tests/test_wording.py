"""A wording is told in the language of its reader."""

import json

import pytest
from django.utils.translation import gettext_lazy, override

from common.errors import DomainError
from common.phrases import Phrase
from common.wording import Wording, WordingField

FIELD = WordingField()


def kept(text: object) -> str:
    """Store a text as a row does and read it in Chinese."""
    stored = FIELD.get_prep_value(text)
    with override("zh-hans"):
        return str(FIELD.from_db_value(stored, None, None))


def test_reads_at_once_as_text_in_the_active_language():
    assert Wording(gettext_lazy("The version has {count} assets."), count=3) == "The version has 3 assets."


def test_is_read_in_the_language_of_the_reader():
    assert kept(Wording(gettext_lazy("Job {number} is over already."), number=7)) == "任务 7 已结束。"


def test_is_stored_in_english_whoever_writes_it():
    with override("zh-hans"):
        wording = Wording(gettext_lazy("Job {number} is over already."), number=7)
        assert wording == "任务 7 已结束。"
    with override("en"):
        assert Wording.from_stored(wording.stored()) == "Job 7 is over already."


def test_values_are_translated_too():
    cause = Wording(gettext_lazy("Job {number} is over already."), number=7)
    wording = Wording(gettext_lazy("{image} does not offer {task}."), image="detector", task=gettext_lazy("mining"))
    assert kept(wording) == "detector 不支持挖掘。"
    outer = Wording(gettext_lazy("{title} (#{job}): {cause}"), title="x", job=8, cause=cause)
    assert kept(outer) == "x（#8）：任务 7 已结束。"


def test_a_lazy_text_without_values_is_a_wording():
    assert kept(gettext_lazy("waits for a free GPU")) == "等待空闲的 GPU"


def test_what_was_read_can_be_stored_again():
    read = FIELD.from_db_value(FIELD.get_prep_value(gettext_lazy("waits for a free GPU")), None, None)
    assert kept(read) == "等待空闲的 GPU"


@pytest.mark.parametrize("text", ["", "plain {words}", '{"text": "{x.__class__}", "values": {}}', '{"text": '])
def test_plain_text_stays_as_it_is(text: str):
    assert kept(text) == text


def test_braces_in_values_stay_as_they_are():
    assert kept(Wording(gettext_lazy("Job {number} is over already."), number="{x}")) == "任务 {x} 已结束。"


def test_a_phrase_of_the_pure_core_is_told_in_the_language_of_the_reader():
    phrase = Phrase("Job {number} is over already.", number=7)
    assert phrase == "Job 7 is over already."
    with override("zh-hans"):
        assert Wording.of(phrase) == Wording.of(phrase.recipe) == "任务 7 已结束。"
        assert Wording.of("cannot be read") == "cannot be read"


def test_a_phrase_within_another_is_told_likewise():
    phrase = Phrase("{first}; {second}", first=Phrase("queued"), second="{odd}")
    assert json.loads(json.dumps(phrase.recipe)) == phrase.recipe
    with override("zh-hans"):
        assert Wording.of(phrase.recipe) == "排队中; {odd}"


def test_a_refusal_counts_one_as_one():
    assert MergeConflict(count=1, assets="ab").text() == "1 asset is annotated differently: ab"
    assert MergeConflict(count=2, assets="ab, cd").text() == "2 assets are annotated differently: ab, cd"


class MergeConflict(DomainError):
    """One and many."""

    message = "{count} assets are annotated differently: {assets}"
    message_for_one = "{count} asset is annotated differently: {assets}"
