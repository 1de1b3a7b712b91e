"""What a night's roll says of a person, and what follows (VOCABULARY A2, A5; PEERS 13).

A night is named by the evening it begins and runs to the site's roll-over hour: at 02:10 it is still last
evening's, and so is every hour that somebody wrote on its paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum

#: What was found of somebody on a night.
STATES = ("SEEN", "ABSENT")
#: How it became known: roll call by list, at the gate, they came in, they came back, the paper entered later.
WAYS = ("ROLL_CALL", "GATE", "ARRIVAL", "BACK", "PAPER")
#: Nights without a word after which anybody's absence is an alert; for a child, or who is with one, the first.
ALERT_NIGHTS = 2
#: What the paper's tick for «left» means, as a pair of reason and destination (VOCABULARY A2).
PAPER_LEFT: Mapping[str, tuple[str, str]] = {
    "OWN_WISH": ("OWN_WISH", "UNKNOWN"),
    "HOSPITAL": ("HEALTH", "HOSPITAL"),
    "NO_NOTICE": ("ABSENT", "UNKNOWN"),
}
PAPER_MARKS = ("HERE", "ABSENT", *PAPER_LEFT)


class Signal(StrEnum):
    """What an absence says: nothing, something to ask about, or a protection alert."""

    NONE = "NONE"
    ASK = "ASK"
    ALERT = "ALERT"


def nights_away(marks: Mapping[date, str], night: date) -> int:
    """How many nights up to this one somebody was missing since they were last seen. A night without a roll
    neither ends an absence nor adds to it: nobody looked."""
    away = 0
    for day in sorted((d for d in marks if d <= night), reverse=True):
        if marks[day] == "SEEN":
            break
        away += 1
    return away


def signal(away: int, *, with_child: bool) -> Signal:
    """One night away is asked about; two, or one of a child or of somebody who is here with a child, open an
    alert (DO_NO_HARM, "A child")."""
    if away <= 0:
        return Signal.NONE
    return Signal.ALERT if with_child or away >= ALERT_NIGHTS else Signal.ASK


def hour_of_night(night: date, at: time, rollover_hour: int) -> datetime:
    """The local moment (naive) that a time of day means on a night: 23:40 is of the evening, 02:10 of the day
    after."""
    day = night if at.hour >= rollover_hour else night + timedelta(days=1)
    return datetime.combine(day, at)


def within_night(moment: datetime, night: date, rollover_hour: int, now: datetime) -> bool:
    """Whether a local moment lies in the night and is not to come (all naive, in the site's zone)."""
    begins = datetime.combine(night, time(rollover_hour))
    return begins <= moment < begins + timedelta(days=1) and moment <= now


def must_say_hour(mark: str, expected: bool, *, over: bool) -> bool:
    """Whether a line of the paper needs its hour: who came or left on a night that is over did so then, not now."""
    return over and (mark in PAPER_LEFT or (mark == "HERE" and expected))


def missing(ids: Iterable[str], ticked: Iterable[str]) -> list[str]:
    """Those of the list who were not ticked, in its order."""
    there = set(ticked)
    return [one for one in ids if one not in there]
