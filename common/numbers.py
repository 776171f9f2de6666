"""How the site writes numbers, durations and times, in both languages."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

MINUS: Final = "−"
THIN_SPACE: Final = "\u202f"
MINUTE, HOUR, DAY = 60, 3600, 86400
KIBI: Final = 1024
Number = int | float


def thousands(value: Number) -> str:
    """Write a count with commas: 118,287. Fractions keep one decimal."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")


def signed(value: Number, decimals: int | None = None) -> str:
    """Write a change with its sign: +0.025, −0.004, +1,204, 0."""
    places = (0 if isinstance(value, int) else 3) if decimals is None else decimals
    text = f"{abs(value):,.{places}f}"
    if not text.strip("0.,"):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def score(value: Number) -> str:
    """Write a quality between 0 and 1 (mAP, AP, precision) with three decimals."""
    return f"{value:.3f}"


def percent(fraction: Number, decimals: int = 0) -> str:
    """Write a fraction as percent with a thin space: 0.61 is 61 %."""
    return f"{fraction * 100:.{decimals}f}{THIN_SPACE}%"


def size(count: int) -> str:
    """Write a number of bytes with a unit: 17.4 MB."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < KIBI or unit == "TB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= KIBI
    raise AssertionError(count)


def duration(seconds: Number | timedelta) -> str:
    """Write a length of time with its two largest units: 7 min 15 s."""
    length = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    whole = max(0, round(length))
    if whole < MINUTE:
        return _("{seconds} s").format(seconds=f"{length:.1f}" if 0 < length < 1 else whole)
    if whole < HOUR:
        return _("{minutes} min {seconds} s").format(minutes=whole // MINUTE, seconds=whole % MINUTE)
    if whole < DAY:
        return _("{hours} h {minutes} min").format(hours=whole // HOUR, minutes=whole % HOUR // MINUTE)
    return _("{days} d {hours} h").format(days=whole // DAY, hours=whole % DAY // HOUR)


def when(moment: datetime, now: datetime | None = None) -> str:
    """Write a moment as people say it: today 16:05, yesterday 09:12, 3 Mar 14:00, 3 Mar 2024."""
    local = timezone.localtime(moment)
    today = timezone.localtime(now).date()
    clock = date_format(local, "H:i")
    days = (today - local.date()).days
    if days == 0:
        return _("today {time}").format(time=clock)
    if days == 1:
        return _("yesterday {time}").format(time=clock)
    if local.year == today.year:
        return _("{day} {time}").format(day=date_format(local, _("j M")), time=clock)
    return date_format(local, _("j M Y"))
