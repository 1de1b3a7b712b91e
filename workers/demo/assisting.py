"""What families are given: food and hygiene items at the desk, legal sessions, cash. Told after the rest of a life, from
a stream of its own, so that nothing else of the demo changes with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from caseapp.assistance import service
from workers.demo.acts import Act, Days
from workers.demo.calibration import drawn
from workers.demo.history import Life

if TYPE_CHECKING:
    from workers.demo.perform import Scene

PROVIDERS = {"NGO": 0.5, "UN": 0.28, "STATE": 0.17, "OTHER": 0.05}
MECHANISMS = {"CARD": 0.45, "TRANSFER": 0.15, "CASH_IN_HAND": 0.3, "MOBILE": 0.1}
AGAIN = {"LOST": 0.2, "STOLEN": 0.3, "DAMAGED": 0.2, "OTHER_NEED": 0.3}


def tell(life: Life, random: Random) -> None:
    """Add what they were given to a life that was told; nothing once the first of the family leaves the log."""
    registered = [a.at for a in life.acts if a.verb == "register"]
    if not registered:
        return
    ends = [a.at for a in life.acts if a.verb in ("close_case", "merge", "offer_files")]
    asked = [a.at for a in life.acts if a.verb in ("consent", "screen")]
    until = min(ends) if ends else None
    days = Days(life.setting.timezone, random)
    first = max(registered) + timedelta(minutes=90)
    if random.random() < 0.6:
        _given(life, first, until, random, life.everyone, sector="FOOD", item="FOOD")
        if random.random() < 0.15:
            again = drawn(random, AGAIN)
            _given(
                life,
                days.later_day(first, 3),
                until,
                random,
                life.everyone,
                sector="FOOD",
                item="FOOD",
                again=again,
            )
    if random.random() < 0.45:
        _given(
            life,
            first + timedelta(minutes=4),
            until,
            random,
            life.everyone,
            sector="RELIEF_ITEMS",
            item="HYGIENE",
        )
    adults = life.adults[:1]
    if not adults:
        return
    if life.asylum and random.random() < 0.4:
        lodged = [a.at for a in life.acts if a.verb == "lodge"]
        at = days.later_day(max([first, *lodged]), random.randint(2, 9))
        _given(life, at, until, random, adults, sector="LEGAL", item=None)
    if random.random() < 0.25:
        at = days.later_day(max([first, *asked[:1]]), random.randint(3, 15))
        amount = random.choice((60, 80, 120, 150)) + 20 * len(life.everyone)
        _given(
            life, at, until, random, adults, sector="CASH", item="CASH", amount=amount, mechanism=drawn(random, MECHANISMS)
        )  # fmt: skip


def _given(
    life: Life, at: datetime, until: datetime | None, random: Random, who: tuple[int, ...], **args: Any
) -> None:
    provider = drawn(random, PROVIDERS)
    if until is None or at < until:
        life.add(at, "deliver", who, provider=provider, **args)


def deliver(scene: Scene, act: Act) -> None:
    """The act of the desk, for those whose file is still open there."""
    held = act.args
    with scene.at_desk():
        cases = [case for _i, case in scene.of(act) if case.status != "CLOSED"]
        if cases:
            service.deliver(
                cases, sector=held["sector"], item=held["item"], on=scene.on(act), provider_class=held["provider"],
                mechanism=held.get("mechanism"), amount=held.get("amount"), again_reason=held.get("again"),
            )  # fmt: skip
