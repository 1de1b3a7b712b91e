"""The claim of a family in the demo: how its steps fall in time, and the verbs that perform them.

The story says when a claim is lodged and how it ends; the steps between are drawn here, from a stream of their own,
so that no other draw depends on them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import sqlalchemy as sa
from stdnum.mx.curp import calc_check_digit

from caseapp.core import clock, reference
from caseapp.core.db import session
from caseapp.people import queries as people
from caseapp.people.models import Case, Person
from caseapp.places.models import Site
from caseapp.procedure import queries, rules
from caseapp.procedure import service as procedure
from caseapp.procedure.models import Claim
from workers.demo import apart
from workers.demo.acts import Act
from workers.demo.calibration import stream

if TYPE_CHECKING:
    from workers.demo.history import Setting
    from workers.demo.perform import Scene

#: Days from one step to the next, at least and at most.
GAPS = {
    "REGISTERED": (1, 9), "DOCUMENT_ISSUED": (2, 12), "INTERVIEW": (9, 40), "DECISION": (10, 60), "NOTIFIED": (1, 8),
}  # fmt: skip
#: Acts of a claim that has not ended: none of them after the family's files have closed.
VERBS = frozenset({"claim_step", "notify", "appeal", "sign", "move_leave"})
#: How often people sign at the demo's offices.
SIGN_DAYS = 30
#: How often somebody appeals against a rejection.
APPEALS = 0.35


def between(
    random: Random, country: str, lodged: date, until: date, *, decided: bool
) -> list[tuple[str, date]]:
    """The steps after lodging, each with its day, none later than `until`. Of a claim that is decided all that
    the country's order needs come before; of one that is not, those that it has come to."""
    order = reference.claim_procedure(country, lodged).steps
    names = [s.step for s in order if s.step in GAPS and s.step not in ("DECISION", "NOTIFIED")]
    gaps = [random.randint(*GAPS[name]) for name in names]
    if decided and names:
        room = max(0, (until - lodged).days - 1)
        whole = sum(gaps)
        gaps = [gap * min(room, whole) // whole for gap in gaps]
    found, day = [], lodged
    for name, gap in zip(names, gaps, strict=True):
        day += timedelta(days=gap)
        if day > until:
            break
        found.append((name, day))
    return found


def lodge(scene: Scene, act: Act) -> None:
    """The head of the family lodges one claim with those who may be in it; others who may, lodge their own."""
    on = scene.on(act)
    with scene.at_desk():
        for lead, beside in _claims(scene, act):
            first = rules.next_steps(reference.claim_procedure(lead.country, on).steps, [])
            if first == ("INTENTION",) or act.args.get("intention"):
                said = on - timedelta(days=act.args.get("intention", 2))
                procedure.intend(lead, on=max(said, lead.opened_on), beside=beside)
                procedure.lodge(lead, on=on)
            else:
                procedure.lodge(lead, on=on, beside=beside)
            apart.own_claim(beside, on)


def _claims(scene: Scene, act: Act) -> list[tuple[Case, list[Case]]]:
    cases = [case for _, case in scene.of(act)]
    nations = queries.nationalities_of([c.id for c in cases])
    may = [c for c in cases if c.country not in nations[c.id]]
    return [(may[0], may[1:])] if may else []


def claim_step(scene: Scene, act: Act) -> None:
    """A step of the family's claim, if its order allows it now; a document is given to each of the family."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            if act.args["step"] == "DOCUMENT_ISSUED":
                if claim.is_open:
                    _documents(scene, act, claim)
            else:
                _if_next(scene, act, lead, claim, act.args["step"])
                if act.args["step"] == "REGISTERED" and claim.is_open:
                    apart.interpreter_awaited(claim, lead.number)


def _documents(scene: Scene, act: Act, claim: Claim) -> None:
    on = scene.on(act)
    for i, case in scene.of(act):
        if case.id not in queries.in_a_claim([case.id]):
            continue
        random = stream("document of", case.number)
        kind = GIVEN.get(case.country, "CLAIM_CERTIFICATE")
        number = NUMBERS.get(kind, certificate)(random, scene.persons[i])
        valid_to = on + timedelta(days=365) if kind in ("DIMEX", "CLAIM_CERTIFICATE") else None
        procedure.issue(case, kind, on=on, number=number, valid_to=valid_to, claim=claim)


def population_key(random: Random, person: Person) -> str:
    """A made-up key of somebody born abroad, with its check digit."""
    letters = "".join(
        random.choice(each) for each in ("BCDFGLMNPRST", "AEIOU", "BCDFGHLMNPRST", "BCDFGHLMNPRST")
    )
    born = person.birth_from or date(1990, 1, 1)
    sex = "M" if person.sex_in_document == "F" else "H"
    consonants = "".join(random.choice("BCDFGHJKLMNPQRSTVXZ") for _ in range(3))
    century = "0" if born.year < 2000 else "A"
    first = f"{letters}{born:%y%m%d}{sex}NE{consonants}{century}"
    return first + calc_check_digit(first + "0")


def dimex(random: Random, person: Person) -> str:
    return f"1{random.randrange(10**11):011}"


def certificate(random: Random, person: Person) -> str:
    return f"{random.randrange(10**6):06}/{random.randint(24, 25)}"


#: What each country gives first, and how its number is made.
GIVEN = {"MEX": "CURP_TEMPORARY", "CRI": "DIMEX", "GTM": "PROVISIONAL_STAY"}
NUMBERS = {"CURP_TEMPORARY": population_key, "DIMEX": dimex}


def sign(scene: Scene, act: Act) -> None:
    """Whoever of the family has to, signs."""
    with scene.at_desk():
        for _, case in scene.of(act):
            duty = queries.duty_of(case.id)
            if duty is not None and scene.on(act) >= (queries.last_signed(duty.id) or duty.started_on):
                procedure.sign(case, on=scene.on(act))


def move_leave(scene: Scene, act: Act) -> None:
    """Leave to go to another state is asked for, or decided."""
    with scene.at_desk():
        for _, case in scene.of(act):
            limit, asked = people.movement_limits_of([case.id]).get(case.id), queries.open_leave(case.id)
            if asked is not None and act.args.get("outcome"):
                procedure.decide_leave(case, asked, on=scene.on(act), outcome=act.args["outcome"])
            elif (
                asked is None
                and limit is not None
                and limit != act.args["to"]
                and not act.args.get("outcome")
            ):
                procedure.ask_leave(case, act.args["to"], on=scene.on(act))


def decide(scene: Scene, act: Act) -> None:
    """The authority decides."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            if claim.is_open:
                procedure.decide(lead, claim, on=scene.on(act), outcome=act.args["outcome"])


def notify(scene: Scene, act: Act) -> None:
    """The decision reaches the family."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            _if_next(scene, act, lead, claim, "NOTIFIED")


def appeal(scene: Scene, act: Act) -> None:
    """The family appeals against a rejection."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            _if_next(scene, act, lead, claim, "APPEAL")


def close_claim(scene: Scene, act: Act) -> None:
    """A claim ends without a decision on its merits."""
    with scene.at_desk():
        for lead, claim in _led(scene, act):
            if claim.is_open:
                procedure.close(lead, claim, on=scene.on(act), reason=act.args["reason"])


def _if_next(scene: Scene, act: Act, lead: Case, claim: Claim, step: str) -> None:
    order = reference.claim_procedure(lead.country, claim.lodged_on or scene.on(act)).steps
    if step in rules.next_steps(order, queries.taken(queries.steps_of([claim.id])[claim.id])):
        procedure.take(lead, claim, step, on=scene.on(act), code=act.args.get("code"))


def _led(scene: Scene, act: Act) -> list[tuple[Case, Claim]]:
    """The newest claim of whoever of the family leads one."""
    found = []
    for _, case in scene.of(act):
        led = [c for c in queries.for_case(case.id) if c.case_id == case.id]
        found += [(case, c) for c in led[:1]]
    return found


def set_intervals(since: date) -> None:
    """The offices of the countries that ask for signatures say how often."""
    asking = {p.country for p in reference.claim_procedures() if p.sign_in}
    for site in session.scalars(sa.select(Site).where(Site.country.in_(asking)).order_by(Site.code)):
        procedure.set_interval(site, SIGN_DAYS, on=since)


# --- as a story tells it --------------------------------------------------------------------------------
def acts_between(
    setting: Setting, who: tuple[int, ...], lodged: datetime, until: datetime, *, decided: bool
) -> list[Act]:
    """What happens to a claim between lodging and its end (or `until`)."""
    random = stream("claim", setting.country, lodged.isoformat(), len(who))
    first, last = (clock.local(m, setting.timezone).date() for m in (lodged, until))
    found = [
        Act(_moment(random, setting, day, lodged, until), "claim_step", who, args={"step": name})
        for name, day in between(random, setting.country, first, last, decided=decided)
    ]
    if reference.claim_procedure(setting.country, first).sign_in:
        found += _duties(random, setting, who, lodged, until)
    return found


def _duties(
    random: Random, setting: Setting, who: tuple[int, ...], lodged: datetime, until: datetime
) -> list[Act]:
    """The family signs about once a month, mostly in time; some ask for leave to go elsewhere."""
    found, at = [], lodged
    while (at := at + timedelta(days=random.randint(24, SIGN_DAYS))) < until and random.random() < 0.93:
        found.append(Act(at, "sign", who))
    if random.random() < 0.15:
        asked = lodged + timedelta(days=random.randint(8, 40))
        to = random.choice(("MX09", "MX14", "MX19"))
        found.append(Act(asked, "move_leave", who, args={"to": to}))
        decided = asked + timedelta(days=random.randint(3, 20))
        outcome = "GRANTED" if random.random() < 0.8 else "REFUSED"
        found.append(Act(decided, "move_leave", who, args={"to": to, "outcome": outcome}))
    return [act for act in found if act.at < until]


def acts_after(setting: Setting, who: tuple[int, ...], decided: datetime, outcome: str) -> list[Act]:
    """The decision is notified, and some appeal in time."""
    random = stream("claim decided", setting.country, decided.isoformat(), len(who))
    told = decided + timedelta(days=random.randint(*GAPS["NOTIFIED"]))
    found = [Act(told, "notify", who)]
    if outcome == "REJECTED" and random.random() < APPEALS:
        found.append(Act(told + timedelta(days=random.randint(1, 2)), "appeal", who))
    return found


def _moment(random: Random, setting: Setting, day: date, lodged: datetime, until: datetime) -> datetime:
    """In the hours of an office, after the lodging and before the end."""
    at = clock.at(day, random.randint(9, 15), random.randrange(60), setting.timezone)
    return min(max(at, lodged + timedelta(minutes=20)), until - timedelta(minutes=5))
