"""What an adult's life at work looks like: a permit, a training, a job; some hold, some do not. Drawn from a stream of
its own, so that no other part of a life depends on it."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import TYPE_CHECKING

from workers.demo.acts import Act, Days
from workers.demo.calibration import drawn, stream

if TYPE_CHECKING:
    from workers.demo.history import Life

#: Verbs that stop when a file closes.
VERBS = frozenset({"permit", "move_permit", "enrol", "move_training", "job", "move_job"})
KINDS = {"LANGUAGE": 0.2, "TRADE": 0.34, "DIGITAL": 0.12, "BUSINESS": 0.16, "ORIENTATION": 0.18}
FORMS = {"FORMAL_INSURED": 0.42, "FORMAL": 0.18, "INFORMAL": 0.28, "SELF": 0.12}
DROPS = {"WORK": 0.3, "CHILDCARE": 0.25, "TRANSPORT": 0.15, "MOVED": 0.1, "HEALTH": 0.08, "LEVEL": 0.12}
ENDS = {"TERM": 0.4, "RESIGNED": 0.3, "DISMISSED": 0.25, "EXPLOITATION": 0.05}
EMPLOYERS = (
    "Panadería La Espiga",
    "Taller Ixchel",
    "Hotel del Parque",
    "Cooperativa El Roble",
    "Textiles del Valle",
)


def livelihood(life: Life, at: datetime, *, local: bool) -> None:
    """Permit, training and job of each adult who stays here, from the day of the plan on."""
    if not local:
        return
    for i in life.adults:
        random = stream("livelihood", life.setting.country, at.isoformat(), i)
        days = Days(life.setting.timezone, random)
        start = _permit(life, days, random, at, i) if random.random() < 0.6 else at
        if random.random() < 0.45:
            _training(life, days, random, at, i)
        if random.random() < 0.55:
            _job(life, days, random, start, i)


def _permit(life: Life, days: Days, random: Random, at: datetime, i: int) -> datetime:
    ref = f"permit-{i}"
    moment = days.later_day(at, random.randint(1, 20))
    if random.random() < 0.4:
        _add(life, moment, "permit", i, ref, state="DOCUMENTS_MISSING", missing=random.sample(("JOB_OFFER", "TAX_NUMBER", "PHOTOGRAPH", "FEE_PAID"), 2))  # fmt: skip
        moment = days.later_day(moment, random.randint(5, 30))
        _add(life, moment, "move_permit", i, ref, to="FILE_COMPLETE")
    else:
        _add(life, moment, "permit", i, ref, state="FILE_COMPLETE", missing=())
    moment = days.later_day(moment, drawn(random, {4: 0.3, 6: 0.3, 7: 0.15, 12: 0.15, 25: 0.1}))
    if random.random() < 0.06:
        _add(life, moment, "move_permit", i, ref, to="REFUSED", reason="DOCUMENT_NOT_ACCEPTED")
    else:
        _add(life, moment, "move_permit", i, ref, to="ISSUED", valid_days=365)
    return moment


def _training(life: Life, days: Days, random: Random, at: datetime, i: int) -> None:
    ref, kind = f"training-{i}", drawn(random, KINDS)
    moment = days.later_day(at, random.randint(3, 40))
    language = kind == "LANGUAGE"
    _add(life, moment, "enrol", i, ref, kind=kind, level="A1" if language else None)
    moment = days.later_day(moment, random.randint(5, 15))
    _add(life, moment, "move_training", i, ref, to="ATTENDING")
    moment = days.later_day(moment, random.randint(20, 90))
    if random.random() < 0.22:
        _add(life, moment, "move_training", i, ref, to="DROPPED", reason=drawn(random, DROPS))
        return
    level = random.choice(("A2", "B1")) if language else None
    _add(life, moment, "move_training", i, ref, to="COMPLETED", level=level)
    if random.random() < 0.5:
        _add(life, days.later_day(moment, 10), "move_training", i, ref, to="CERTIFIED")


def _job(life: Life, days: Days, random: Random, at: datetime, i: int) -> None:
    ref = f"job-{i}"
    moment = days.later_day(at, random.randint(5, 45))
    form = drawn(random, FORMS)
    employer = "" if form == "SELF" else random.choice(EMPLOYERS)
    _add(life, moment, "job", i, ref, form=form, employer=employer, checked=form.startswith("FORMAL"))
    if random.random() < 0.1:
        return
    moment = days.later_day(moment, random.randint(1, 12))
    _add(life, moment, "move_job", i, ref, to="STARTED")
    for state, after in (("STILL_1M", 32), ("STILL_3M", 62), ("STILL_6M", 93)):
        moment = days.later_day(moment, after + random.randint(0, 6))
        if random.random() < 0.16:
            _add(life, moment, "move_job", i, ref, to="ENDED", reason=drawn(random, ENDS))
            return
        if random.random() < 0.12:
            return  # the check was not made: it is due
        _add(life, moment, "move_job", i, ref, to=state)


def _add(life: Life, at: datetime, verb: str, i: int, ref: str, **args: object) -> None:
    life.acts.append(Act(at, verb, (i,), ref, None, args))
