"""Cron expressions in UTC, at most once a minute, with five fields as in crontab(5) or six or seven as Quartz has them.

Five fields are minute, hour, day of month, month, day of week (0 to 7, Sunday both 0 and 7); where both days are said,
either is enough. Six begin with a second, seven end with a year; there days of the week are 1 (Sunday) to 7, and one of
the two days is `?`. Fields are `*`, numbers, names of months and days, ranges, lists, and steps (`*/15`, `10-50/20`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from headrace_events.errors import Invalid
from headrace_events.ids import Micros

LONGEST = 200
FIRST_YEAR, LAST_YEAR = 1970, 2099
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
    )
}
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """What an expression says; days of the week count from Monday, 0."""

    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    either: bool

    def after(self, moment: Micros) -> Micros | None:
        """The first time after the moment, or None where there is none."""
        if moment >= _END:
            return None
        found = _EPOCH + timedelta(microseconds=max(moment, 0))
        return next(
            (at for day in self._days(found.date(), 1) for at in self._of(day, self.times) if at > moment), None
        )

    def until(self, moment: Micros) -> Micros | None:
        """The last time that is not after the moment, or None where there is none."""
        if moment < 0:
            return None
        found = _EPOCH + timedelta(microseconds=min(moment, _END - 1))
        back = self.times[::-1]
        return next((at for day in self._days(found.date(), -1) for at in self._of(day, back) if at <= moment), None)

    def _days(self, first: date, step: int) -> Iterator[date]:
        number = first.toordinal()
        while FIRST_YEAR <= (day := date.fromordinal(number)).year <= LAST_YEAR:
            if self._falls(day):
                yield day
            number += step

    def _falls(self, day: date) -> bool:
        of_month, of_week = day.day in self.days, day.weekday() in self.weekdays
        falls = of_month or of_week if self.either else of_month and of_week
        return falls and day.month in self.months and day.year in self.years

    def _of(self, day: date, times: Sequence[time]) -> Iterator[Micros]:
        return (Micros((datetime.combine(day, one, UTC) - _EPOCH) // timedelta(microseconds=1)) for one in times)


def cron(text: str, now: Micros) -> Cron:
    """The expression; raises Invalid where it is none, or has no time after `now`."""
    fields = text.upper().split() if len(text) <= LONGEST else []
    if not 5 <= len(fields) <= 7:
        raise _invalid(text, "it has five fields, or six or seven as Quartz writes them")
    quartz = len(fields) > 5
    second, minute, hour, day, month, weekday, year = [*fields, "*"][:7] if quartz else ["0", *fields, "*"]
    if quartz and (day == "?") == (weekday == "?"):
        _must_be_free(text, day, weekday)
    day, weekday = ("*" if one == "?" else one for one in (day, weekday))
    seconds = _field(text, second, 0, 59)
    if len(seconds) != 1:
        raise _invalid(text, "the second is one number: a monitor runs at most once a minute")
    names = {name: number + quartz for number, name in enumerate(_DAYS)}
    of_week = _field(text, weekday, int(quartz), 7, names)
    found = Cron(
        times=tuple(
            time(at, minute_of, seconds[0])
            for at in _field(text, hour, 0, 23)
            for minute_of in _field(text, minute, 0, 59)
        ),
        days=frozenset(_field(text, day, 1, 31)),
        months=frozenset(_field(text, month, 1, 12, _MONTHS)),
        weekdays=frozenset((number - 1 - quartz) % 7 for number in of_week),
        years=frozenset(_field(text, year, FIRST_YEAR, LAST_YEAR)),
        either=not quartz and "*" not in {day[0], weekday[0]},
    )
    if found.after(now) is None:
        raise _invalid(text, "there is no such time any more")
    return found


def _must_be_free(text: str, day: str, weekday: str) -> None:
    """Raise Invalid unless one of the two days, neither or both of which are `?`, is `*`."""
    if "*" not in {day, weekday}:
        raise _invalid(text, "of six or seven fields the day of the month or that of the week is `?`")


def _field(text: str, field: str, least: int, most: int, names: Mapping[str, int] | None = None) -> list[int]:
    """The numbers of a field, in order."""
    found: set[int] = set()
    for part in field.split(","):
        said = _PART.fullmatch(part)
        if said is None:
            raise _invalid(text, f"{part!r} is no number, range or step")
        every, first, last, step = said.groups()
        low = least if every else _number(text, first, names)
        high = most if every or (step and not last) else _number(text, last or first, names)
        if not least <= low <= high <= most or (step and int(step) == 0):
            raise _invalid(text, f"{part!r} is not within {least} to {most}")
        found.update(range(low, high + 1, int(step or 1)))
    return sorted(found)


def _number(text: str, said: str, names: Mapping[str, int] | None) -> int:
    if names is not None and said in names:
        return names[said]
    if not said.isdecimal() or len(said) > 4:
        raise _invalid(text, f"{said!r} is not known here")
    return int(said)


def _invalid(text: str, reason: str) -> Invalid:
    shown = text[:LONGEST]
    return Invalid("invalid-cron", f"{shown!r} is no cron expression in UTC: {reason}", {"cron_expression": shown})
