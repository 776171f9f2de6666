"""Says which texts have no Chinese translation, or one whose {fields} and %(fields)s differ from the English."""

import re
import sys
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"
FIELD = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%[sd]")


def faults(path: Path) -> list[str]:
    """Return one line for each entry that is not rightly translated."""
    return [
        f"{path.name}: {fault}: {entry.msgid!r}"
        for entry in polib.pofile(str(path))
        if not entry.obsolete
        for fault in _entry_faults(entry)
    ]


def _entry_faults(entry: polib.POEntry) -> list[str]:
    if not entry.translated():
        return ["not translated" if not entry.fuzzy else "marked fuzzy"]
    words = list(entry.msgstr_plural.values()) or [entry.msgstr]
    wanted = set(FIELD.findall(entry.msgid_plural or entry.msgid))
    return [f"fields differ in {text!r}" for text in words if set(FIELD.findall(text)) != wanted]


if __name__ == "__main__":
    found = [line for path in sorted(LOCALE.glob("zh_*/LC_MESSAGES/*.po")) for line in faults(path)]
    print("\n".join(found))
    sys.exit(bool(found))
