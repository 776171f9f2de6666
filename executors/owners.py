"""Work above that keeps a job as its own: a round's step, say. Such a job is repeated where it belongs.

A job belongs to what its `dedupe_key` names first: `<word>:<id>:…`. Apps above register their word when they are ready.
"""

from django.urls import reverse

from executors.models import Job

_pages: dict[str, str] = {}


def register(word: str, url_name: str) -> None:
    """Say whose jobs a word marks, and on which page (`url_name`, by id) they are repeated."""
    _pages[word] = url_name


def page_of(job: Job) -> str:
    """Return the address of the page that a job belongs to; "" for a job that stands alone."""
    word, _colon, rest = job.dedupe_key.partition(":")
    number = rest.partition(":")[0]
    return reverse(_pages[word], args=[int(number)]) if word in _pages and number.isdecimal() else ""
