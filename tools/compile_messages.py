"""Compiles locale/*/LC_MESSAGES/*.po to .mo where the source is newer; needs no gettext on the machine."""

from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_all(folder: Path) -> int:
    """Compile what is out of date; return how many files were written."""
    stale = [source for source in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _is_stale(source)]
    for source in stale:
        target = source.with_suffix(".mo")
        staging = target.with_suffix(".mo.part")
        polib.pofile(str(source)).save_as_mofile(str(staging))
        staging.replace(target)
    return len(stale)


def _is_stale(source: Path) -> bool:
    target = source.with_suffix(".mo")
    return not target.exists() or target.stat().st_mtime <= source.stat().st_mtime


if __name__ == "__main__":
    compile_all(LOCALE)
