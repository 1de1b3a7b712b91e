"""Families that come from a migratory station, and who they are.

Women leave sooner than men and within that whoever was held longer, so that most exits keep the order; a few do not.
Every choice here is drawn from streams of this module's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random

from workers.demo.calibration import drawn
from workers.demo.history import Life
from workers.demo.lives import afterwards
from workers.demo.people import CHILDREN, Shape

HELD, CHILD, ALARM = "HELD", "CHILD", "ALARM"
#: Somebody who leaves before others, and somebody who still waits meanwhile.
EARLY, WAITS = "EARLY", "WAITS"
#: Share of Mexico's families that come from the station, without and with children.
SHARES = {HELD: 0.12, CHILD: 0.05}
AT_LEAST = 8
EXITS = {
    "TRIPARTITE": 0.78, "TIME_LIMIT": 0.07, "COURT": 0.06, "BAIL_OR_MEASURE": 0.03, "STATUS_GIVEN": 0.02, "ESCAPED": 0.01,
    "REMOVED": 0.03,
}  # fmt: skip
OTHER_EXITS = {"TIME_LIMIT": 0.6, "COURT": 0.25, "BAIL_OR_MEASURE": 0.15}
REASONS = {
    "AUTHORITY_DECIDED": 0.3, "HEALTH": 0.2, "PLACE_SUITS_ONE": 0.2, "COURT_ORDER": 0.1, "OTHER_CHOSE_TO_WAIT": 0.1, "SAFETY": 0.1,
}  # fmt: skip
FOUND = {
    "AT_SHELTER": 0.56, "SIGNED_IN": 0.24, "MOVED_WITH_LEAVE": 0.06, "NOT_FOUND": 0.14,
}  # fmt: skip
BASES = {"ENTRY_OR_STAY": 0.6, "IDENTITY_CHECK": 0.15, "REMOVAL_PROCEDURE": 0.1, "NOT_TOLD": 0.15}
#: How often each safeguard was given by the first visit, and how often nobody has asked.
GIVEN = {
    "TOLD_OF_ASYLUM": (0.72, 0.06), "INTERPRETER": (0.6, 0.2), "LAWYER": (0.5, 0.12), "DOCTOR": (0.7, 0.1),
    "PHONE_CALL": (0.65, 0.08), "UNHCR_ACCESS": (0.8, 0.06), "NO_CONSULAR_CONTACT": (0.9, 0.06),
}  # fmt: skip


def chosen(
    free: Mapping[int, Shape],
    spare: Mapping[int, Shape],
    arrivals: Mapping[int, date],
    today: date,
    random: Random,
) -> dict[int, tuple[str, date]]:
    """Which families come from the station, how their story is told and on which day they came. A third of them came
    in the last fortnight, so that people are held on the demo's day, and one child is: of the families that play no
    other part (`free`) or, where there is none, of those that may be spared (`spare`)."""
    with_child = [i for i, shape in free.items() if _with_child(shape)]
    adults = [i for i, shape in free.items() if not any(part.band in CHILDREN for part in shape)]
    many = max(round(SHARES[HELD] * len(adults)), min(AT_LEAST, len(adults)))
    found = {i: (HELD, arrivals[i]) for i in sorted(random.sample(adults, many))}
    found |= {i: (CHILD, arrivals[i]) for i in with_child if random.random() < SHARES[CHILD]}
    newest = sorted((i for i in found if found[i][0] == HELD), key=lambda i: (arrivals[i], i), reverse=True)
    for turn, i in enumerate(newest[: 2 + min(10, many // 3)]):
        found[i] = (HELD, today - timedelta(days=2 + turn + turn // 3))
    found |= _out_of_order(newest[: 2 + min(10, many // 3)], free, today)
    held = with_child or [i for i, shape in spare.items() if _with_child(shape)]
    if held:
        found[max(held, key=lambda i: (len(free.get(i, ())) <= 4, arrivals[i], i))] = (
            ALARM, today - timedelta(days=1),
        )  # fmt: skip
    return found


def _out_of_order(
    newest: Sequence[int], free: Mapping[int, Shape], today: date
) -> dict[int, tuple[str, date]]:
    """A woman who still waits, and men who left before her."""
    alone = {sex: [i for i in newest if len(free[i]) == 1 and free[i][0].sex == sex] for sex in "FM"}
    if not alone["F"]:
        return {}
    men = {i: (EARLY, today - timedelta(days=9 + turn)) for turn, i in enumerate(alone["M"][-3:])}
    return {alone["F"][0]: (WAITS, today - timedelta(days=5)), **men}


def _with_child(shape: Shape) -> bool:
    """An adult and a child; the story of children alone is another."""
    bands = [part.band in CHILDREN for part in shape]
    return any(bands) and not all(bands)


def tell(life: Life, kind: str, random: Random) -> None:
    """From custody to whatever comes after it."""
    if kind == ALARM:
        _alarm(life, random)
    elif kind == CHILD:
        _with_children(life, random)
    else:
        _held(life, random, kind)


def _taken(life: Life, first: int, last: int, random: Random) -> tuple[datetime, datetime]:
    """Held since the morning, registered by the desk's visit on the same day. Answers since when, and when."""
    life.homeless = life.willing = True
    since = life.days.at(life.arrived, 5, 8)
    at = life.registered(life.days.at(life.arrived, first, last))
    life.add(at, "detain", life.everyone, ref="custody", since=since, basis=drawn(random, BASES))
    return since, at


def _alarm(life: Life, random: Random) -> None:
    """Yesterday afternoon: a family is held, and nobody has called the child authority yet."""
    _taken(life, 12, 13, random)


def _with_children(life: Life, random: Random) -> None:
    """The child authority is called within the hour, and the family is out by the next day."""
    _since, at = _taken(life, 9, 12, random)
    called = life.days.after(at, 15)
    life.add(called, "safeguards", life.everyone, ref="custody", answers=_answers(random, child=True))
    at = life.screened(life.days.after(called, 20))
    left = life.days.later_day(at, 1)
    life.add(
        left, "release", life.everyone, ref="custody", exit="TRIPARTITE", child_exit="CHILD_TRANSFER",
        reason=drawn(random, REASONS),
    )  # fmt: skip
    _followed(life, left, random)


def _days_held(life: Life, random: Random, kind: str) -> int:
    if kind == WAITS:
        return 12
    if kind == EARLY:
        return (life.setting.today - life.arrived).days - random.randint(1, 2)
    return random.randint(3, 8) if life.family.members[0].sex == "F" else random.randint(8, 24)


def _held(life: Life, random: Random, kind: str) -> None:
    _since, at = _taken(life, 9, 15, random)
    asked = life.days.after(at, 25)
    life.add(asked, "safeguards", life.everyone, ref="custody", answers=_answers(random))
    at = life.screened(life.days.after(asked, 25))
    if random.random() < 0.7:
        again = life.days.later_day(at, 1)
        life.add(again, "safeguards", life.everyone, ref="custody", answers=_answers(random, again=True))
    left = life.days.later_day(at, _days_held(life, random, kind))
    notice = 8 if kind == WAITS else random.randint(2, 7)
    ahead = life.days.at(life.days.day_of(left) - timedelta(days=notice), 9, 16)
    agreed = max(ahead, life.days.after(at, 60))
    life.add(agreed, "agree_exit", life.everyone, ref="custody", exit_on=life.days.day_of(left))
    code = drawn(random, EXITS if life.asylum else OTHER_EXITS)
    if kind == EARLY and life.asylum:
        code = "TRIPARTITE"
        life.add(life.days.later_day(left, 1), "review_departure", life.everyone, ref="custody")
    life.add(
        left,
        "release",
        life.everyone,
        ref="custody",
        exit=code,
        child_exit=code,
        reason=drawn(random, REASONS),
    )
    if code == "REMOVED":
        life.add(life.days.after(left, 90), "confirm_exit", life.everyone, ref="custody")
        return
    _followed(life, left, random)


def _answers(random: Random, *, child: bool = False, again: bool = False) -> dict[str, str]:
    """What the visit was told; asked again, nearly everything is answered."""
    found = {}
    for code, (given, unasked) in GIVEN.items():
        drawn_share = random.random()
        if drawn_share < (0.0 if again else unasked):
            found[code] = "NOT_ASKED"
        else:
            found[code] = "YES" if random.random() < given + (0.15 if again else 0) else "NO"
    return {**found, "CHILD_AUTHORITY_CALLED": "YES"} if child else found


def _followed(life: Life, left: datetime, random: Random) -> None:
    """Looked for at 72 hours and 30 days, most of the time; then life goes on."""
    moment = left
    for step, days, share in (("FIRST", 3, 0.92), ("SECOND", 30, 0.85)):
        met = life.days.later_day(left, days + random.randint(0, 1))
        if random.random() < share:
            moment = met
            life.add(met, "follow_up", life.everyone, ref="custody", step=step, outcome=drawn(random, FOUND))
    afterwards(life, life.days.after(left, 60), moment)
