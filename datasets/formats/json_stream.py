"""Read the arrays of a large JSON file piece by piece: structure is found with numpy, elements are left to a decoder.

A COCO file of a million boxes is hundreds of megabytes; its tree of objects would be gigabytes. Here the file passes by
in pieces, and whole elements are handed on in batches that fit in memory.
"""

import re
from collections.abc import Generator, Iterator
from typing import IO, NamedTuple

import numpy as np

from common.phrases import Phrase, gettext_noop

PIECE = 4 << 20
MAX_ELEMENT = 256 << 20
QUOTE, BACKSLASH = ord('"'), ord("\\")
STRUCTURE = np.zeros(256, bool)
STRUCTURE[np.frombuffer(b'"{}[]', np.uint8)] = True
STEP = np.zeros(256, np.int8)
STEP[[ord("{"), ord("[")]] = 1
STEP[[ord("}"), ord("]")]] = -1
KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*$')
KEY_REACH = 4096
BOM = b"\xef\xbb\xbf"


class MalformedJsonError(ValueError):
    """The text is no JSON; `line` counts from 1."""

    def __init__(self, detail: str, line: int) -> None:
        self.detail, self.line = detail, line
        super().__init__(f"line {line}: {detail}")


class Batch(NamedTuple):
    """Some elements of one array, as an array of their own. `key` is its name in the top object, "" for the top."""

    key: str
    data: bytes
    line: int  # where the batch begins
    position: int  # bytes of the file before it; with those after it, progress


class State:
    """Where in the structure the text not yet handed on begins."""

    def __init__(self, keys: frozenset[str]) -> None:
        self.keys = keys
        self.depth = 0
        self.key: str | None = None  # of the wanted array that is open
        self.element_depth = 0  # the depth between that array's elements
        self.line = 1
        self.position = 0


def arrays(file: IO[bytes], keys: frozenset[str], piece: int = PIECE) -> Iterator[Batch]:
    """Yield the elements of the arrays named `keys` in the top-level object, or of a top-level array as "".

    Raises MalformedJsonError when the structure is broken. That each element is sound is left to who decodes it.
    """
    state = State(keys)
    rest = b""
    while data := file.read(piece):
        if state.position == 0 and not rest:
            data = data.removeprefix(BOM)
        rest = yield from scan(state, rest + data)
        if len(rest) > MAX_ELEMENT:
            raise MalformedJsonError(
                Phrase(gettext_noop("one element is larger than {bytes} bytes"), bytes=MAX_ELEMENT), state.line
            )
    if state.depth or rest.strip():
        words = gettext_noop("the text ends early") if state.depth else gettext_noop("the text is not JSON")
        raise MalformedJsonError(Phrase(words), state.line)


def scan(state: State, text: bytes) -> Generator[Batch, None, bytes]:
    """Hand on what is whole in `text`, and return the rest."""
    places, depths = structure(text, state.depth)
    if len(places) and int(depths.min(initial=1)) < 0:
        raise MalformedJsonError(Phrase(gettext_noop("a bracket closes that was not opened")), state.line)
    done = 0  # everything before is dealt with
    next_place = 0  # the first bracket not looked at
    while next_place < len(places):
        if state.key is None:
            opened = find_array(state, text, places, depths, next_place)
            if opened is None:
                done = int(places[-1]) + 1
                state.depth = int(depths[-1])
                break
            next_place = opened + 1
            done = int(places[opened]) + 1
            state.depth = int(depths[opened])
            continue
        following = depths[next_place:]
        closing = np.flatnonzero(following < state.element_depth)
        last = next_place + int(closing[0]) if len(closing) else len(places)
        whole = np.flatnonzero(depths[next_place:last] == state.element_depth)
        if len(whole):
            end = int(places[next_place + int(whole[-1])]) + 1
            yield batch(state, text, done, end)
            done = end
        if len(closing):
            rest = text[done : int(places[last])]
            if rest.strip(b", \t\r\n"):
                yield batch(state, text, done, int(places[last]))
            done = int(places[last]) + 1
            state.key, state.depth = None, int(depths[last])
            next_place = last + 1
        else:
            break
    advance(state, text[:done])
    return text[done:]


def batch(state: State, text: bytes, begin: int, end: int) -> Batch:
    """Cut elements out as an array of their own."""
    elements = text[begin:end].lstrip(b", \t\r\n")
    line = state.line + text.count(b"\n", 0, end - len(elements))
    return Batch(state.key or "", b"[" + elements + b"]", line, state.position + end)


def advance(state: State, passed: bytes) -> None:
    """Count what is dealt with."""
    state.line += passed.count(b"\n")
    state.position += len(passed)


def find_array(state: State, text: bytes, places: np.ndarray, depths: np.ndarray, start: int) -> int | None:
    """Find the next array to hand on, note its key, and return its bracket's number."""
    before = np.empty(len(depths) - start, depths.dtype)
    before[0] = state.depth
    before[1:] = depths[start:-1]
    for offset in np.flatnonzero((depths[start:] > before) & (before <= 1)).tolist():
        place = int(places[start + offset])
        level = int(before[offset])
        if text[place : place + 1] != b"[":
            continue
        key = array_key(text, place) if level else ""
        if level and key not in state.keys:
            continue
        state.key, state.element_depth = key, level + 1
        return start + offset
    return None


def array_key(text: bytes, place: int) -> str:
    """Return the key before the bracket at `place`."""
    found = KEY.search(text[max(0, place - KEY_REACH) : place])
    return found[1].decode("utf-8", "replace") if found else ""


def structure(text: bytes, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the brackets outside strings, and the depth after each. `text` begins outside a string."""
    letters = np.frombuffer(text, np.uint8)
    places = np.flatnonzero(STRUCTURE[letters])
    found = letters[places]
    quotes = found == QUOTE
    if BACKSLASH in text:
        escaped = [number for number in np.flatnonzero(quotes).tolist() if is_escaped(text, int(places[number]))]
        keep = np.ones(len(places), bool)
        keep[escaped] = False
        places, found, quotes = places[keep], found[keep], quotes[keep]
    outside = (np.cumsum(quotes) & 1) == 0
    brackets = outside & ~quotes
    places = places[brackets]
    return places, depth + np.cumsum(STEP[found[brackets]], dtype=np.int64)


def is_escaped(text: bytes, place: int) -> bool:
    """Tell whether an odd number of backslashes stands before `place`."""
    start = place
    while start and text[start - 1] == BACKSLASH:
        start -= 1
    return (place - start) % 2 == 1
