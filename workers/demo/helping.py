"""More of what families are given: talks about rights in their language, legal advice before an interview, school, health,
items of every kind, what a shelter hands out, and assistance that is asked for, decided and paid. Told last, from a stream
of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.assistance import service
from caseapp.assistance.paying import queries as paying
from caseapp.assistance.paying import service as paying_service
from caseapp.assistance.paying.models import Assistance, Payment
from caseapp.assistance.rules import SECTOR_OF
from caseapp.core import clock
from caseapp.core.db import session
from caseapp.people import queries as people
from caseapp.people.models import Case
from caseapp.people.rules import number_of
from workers.demo import calibration, places
from workers.demo.acting import acting
from workers.demo.acts import Act, Days
from workers.demo.calibration import drawn
from workers.demo.history import Life

if TYPE_CHECKING:
    from workers.demo.perform import Scene

ITEMS = {
    "CLOTHING": 0.3, "PHONE_CREDIT": 0.2, "TRANSPORT_LOCAL": 0.2, "MEDICINE": 0.12, "DOCUMENT_FEE": 0.1, "DIGNITY_KIT": 0.08
}  # fmt: skip
TALKS = {"HEALTH": 0.35, "MHPSS": 0.25, "SOCIAL_REGISTRY": 0.2, "DOCUMENTATION": 0.2}
#: How a request went, as the steps after asking.
WAYS: dict[str, tuple[str, ...]] = {
    "WAITS": (), "REFUSED": ("REFUSE",), "APPEALED": ("REFUSE", "APPEAL"), "ON_APPEAL": ("REFUSE", "APPEAL", "APPROVE_AGAIN", "PLANNED"),
    "APPROVED": ("APPROVE",), "PLANNED": ("APPROVE", "PLANNED"), "SENT": ("APPROVE", "PLANNED", "SENT"),
    "COLLECTED": ("APPROVE", "PLANNED", "SENT", "COLLECTED"), "RETURNED": ("APPROVE", "PLANNED", "SENT", "RETURNED"),
    "FAILED": ("APPROVE", "PLANNED", "SENT", "FAILED"),
    "RECONCILED": ("APPROVE", "PLANNED", "SENT", "COLLECTED", "RECONCILED"),
}  # fmt: skip
SHARES = {
    "RECONCILED": 0.34, "COLLECTED": 0.14, "SENT": 0.08, "PLANNED": 0.06, "APPROVED": 0.06, "RETURNED": 0.06, "FAILED": 0.08,
    "WAITS": 0.06, "REFUSED": 0.06, "APPEALED": 0.03, "ON_APPEAL": 0.03,
}  # fmt: skip
FAILURES = {"WRONG_ID": 0.3, "NAME_MISMATCH": 0.3, "NO_COLLECTION": 0.25, "PROVIDER": 0.15}
REFUSALS = {"NOT_ELIGIBLE": 0.5, "NO_FUNDS": 0.35, "ALREADY_ASSISTED": 0.15}
COUNTED = {"MEAL": (30, 90), "HYGIENE": (2, 12), "CLOTHING": (3, 15)}


def tell(life: Life, random: Random) -> None:
    """Add all this to a life that was told; nothing once the first of the family leaves the log."""
    registered = [a.at for a in life.acts if a.verb == "register"]
    if not registered:
        return
    ends = [a.at for a in life.acts if a.verb in ("close_case", "merge", "offer_files")]
    until = min(ends) if ends else None
    first, days = max(registered) + timedelta(minutes=100), Days(life.setting.timezone, random)
    _talked(life, first, until, random, days)
    _schooled(life, first, until, random, days)
    if random.random() < 0.5:
        item = drawn(random, ITEMS)
        who = life.adults[:1] or life.everyone[:1]
        _add(
            life, days.later_day(first, random.randint(1, 20)), until, "attend", who,
            item=item, sector=SECTOR_OF[item], quantity=2 if item == "CLOTHING" else 1,
        )  # fmt: skip
    _sheltered(life, until, random, days)
    if life.adults and random.random() < 0.3:
        _helped(life, days.later_day(first, random.randint(2, 12)), until, random, days)


def _add(
    life: Life,
    at: datetime,
    until: datetime | None,
    verb: str,
    who: tuple[int, ...],
    ref: str = "",
    **args: Any,
) -> bool:
    if until is not None and at >= until:
        return False
    life.add(at, verb, who, ref=ref, **args)
    return True


def _talked(life: Life, first: datetime, until: datetime | None, random: Random, days: Days) -> None:
    """Most are told of their rights, most of these in their language; who is interviewed may have had advice before."""
    if random.random() < 0.75:
        language = life.family.language if random.random() < 0.85 else "spa"
        _add(life, first, until, "attend", life.adults or life.everyone, sector="ASYLUM_AUTHORITY" if life.asylum else "LEGAL",
             language=language)  # fmt: skip
    interviews = [a for a in life.acts if a.verb == "claim_step" and a.args.get("step") == "INTERVIEW"]
    for act in interviews[:1]:
        if random.random() < 0.55 and (at := act.at - timedelta(days=random.randint(1, 6))) > first:
            _add(life, at, until, "attend", act.who, sector="LEGAL", team="LEGAL_AID")
    if random.random() < 0.35:
        sector = drawn(random, TALKS)
        team = sector if sector in ("HEALTH", "MHPSS") else ""
        adults = life.adults[:1] or life.everyone[:1]
        _add(
            life,
            days.later_day(first, random.randint(1, 25)),
            until,
            "attend",
            adults,
            sector=sector,
            team=team,
        )


def _schooled(life: Life, first: datetime, until: datetime | None, random: Random, days: Days) -> None:
    for i in life.children:
        if not 5 <= life.family.members[i].age(life.arrived) <= 17 or random.random() > 0.6:
            continue
        at = days.later_day(first, random.randint(2, 20))
        _add(life, at, until, "attend", (i,), sector="EDUCATION", education="ENROLMENT_ASKED")
        if random.random() < 0.7:
            at = days.later_day(at, random.randint(5, 50))
            _add(life, at, until, "attend", (i,), sector="EDUCATION", education="ENROLLED")
    if life.adults and random.random() < 0.1:
        at = days.later_day(first, random.randint(10, 40))
        _add(life, at, until, "attend", life.adults[:1], sector="EDUCATION", education="VALIDATION_ASKED")
        if random.random() < 0.5:
            at = days.later_day(at, random.randint(20, 80))
            _add(life, at, until, "attend", life.adults[:1], sector="EDUCATION", education="RECOGNISED")


def _sheltered(life: Life, until: datetime | None, random: Random, days: Days) -> None:
    """What a shelter hands out to a family that has come in."""
    for act in [a for a in life.acts if a.verb == "check_in"][:1]:
        if random.random() < 0.8:
            _add(life, days.after(act.at, 25), until, "shelter_gives", act.who, ref=act.ref, item="HYGIENE")


def _helped(life: Life, at: datetime, until: datetime | None, random: Random, days: Days) -> None:
    """One adult asks, of their own choice; the steps follow over some weeks."""
    who = (random.choice(life.adults),)
    way, amount = drawn(random, SHARES), random.choice((80, 120, 150, 200))
    if until is not None and at + timedelta(minutes=30) >= until:
        return
    at = life.asked(at, "CASH", who)
    if not life.allowed("CASH", who):
        return
    args: dict[str, Any] = {
        "amount": amount,
        "mechanism": drawn(random, {"CARD": 0.6, "TRANSFER": 0.2, "CASH_IN_HAND": 0.2}),
    }
    if not _add(life, at, until, "ask_help", who, ref="help", **args):
        return
    for step in WAYS[way]:
        more: dict[str, Any] = {}
        if step == "FAILED":
            more["failure"] = drawn(random, FAILURES)
        if step == "REFUSE":
            more["refusal"] = drawn(random, REFUSALS)
        at = days.later_day(at, random.randint(1, 9))
        if not _add(life, at, until, "help_step", who, ref="help", step=step, **more):
            return


# -- the verbs ----------------------------------------------------------------------------------------
def attend(scene: Scene, act: Act) -> None:
    """A service or an item at the desk, or by another team, for those whose file is still open there."""
    held = act.args
    team = _team(scene, held["team"]) if held.get("team") else None
    with scene.at_desk():
        cases = [case for _i, case in scene.of(act) if case.status != "CLOSED"]
        if cases:
            service.deliver(
                cases, sector=held["sector"], item=held.get("item"), on=scene.on(act), quantity=held.get("quantity", 1),
                language=held.get("language"), education=held.get("education"), provider_class="NGO",
                provider_team_id=team or cases[0].team_id,
            )  # fmt: skip


def shelter_gives(scene: Scene, act: Act) -> None:
    """The shelter's own desk notes what those who came in receive."""
    found = scene.referrals.get(act.ref)
    if found is None:
        return
    with scene.receiving(found) as who:
        ids = [case.id for _i, case in scene.of(act) if case.status != "CLOSED"]
        cases = session.scalars(people.visible_to(who).where(Case.id.in_(ids)).order_by(Case.id)).all()
        if cases:
            service.deliver(
                cases, sector="RELIEF_ITEMS", item=act.args["item"], on=scene.on(act), provider_team_id=found.to_team_id,
                provider_class="NGO", team_id=found.to_team_id, again_reason="OTHER_NEED",
            )  # fmt: skip


def ask_help(scene: Scene, act: Act) -> None:
    """The desk asks for cash for one adult."""
    ((_i, case),) = scene.of(act)
    team_id = _team(scene, "CASH_PROVIDER")
    if team_id is None:
        return
    random = calibration.stream("help of", case.number)
    with scene.at_desk():
        row = paying_service.ask(
            case, item="CASH", team_id=team_id, until=scene.on(act) + timedelta(days=30),
            amount=act.args["amount"], mechanism=act.args["mechanism"],
            numbers=lambda prefix: number_of(prefix, random.getrandbits(48)),
        )  # fmt: skip
    scene.helped[act.ref] = row.id


def help_step(scene: Scene, act: Act) -> None:
    """What the providing team, or the desk for an appeal, did next."""
    request_id = scene.helped.get(act.ref)
    if request_id is None:
        return
    step, team = act.args["step"], _code(scene, "CASH_PROVIDER")
    if step == "APPEAL":
        with scene.at_desk() as who:
            paying_service.appeal(paying.request(who, request_id, lock=True))
        return
    role = (
        "PAYMENTS_APPROVER"
        if step in ("APPROVE", "REFUSE", "APPROVE_AGAIN", "RECONCILED")
        else "ASSISTANCE_OFFICER"
    )
    with scene.as_(role, team or "", second=step == "APPROVE_AGAIN") as who:
        row = paying.request(who, request_id, lock=True)
        if step in ("APPROVE", "APPROVE_AGAIN"):
            paying_service.decide(row, approve=True)
        elif step == "REFUSE":
            paying_service.decide(row, approve=False, refusal=act.args["refusal"])
        elif step == "PLANNED":
            paying_service.plan(row, amount=row.amount, on=scene.on(act))
        else:
            paying_service.move(row, _payment(row), step, failure=act.args.get("failure"))


def _payment(row: Assistance) -> Payment:
    return paying.payments_of([row.id])[row.id][-1]


def _code(scene: Scene, kind: str) -> str | None:
    found = places.sites_with(scene.story.slot.country, kind)
    return f"{found[0]}-{kind}" if found else None


def _team(scene: Scene, kind: str) -> UUID | None:
    """The country's first team of a type, if it has one."""
    from workers.demo.perform import team_called

    code = _code(scene, kind)
    return team_called(code).id if code else None


def count_meals(sites: Sequence[str], today: date) -> None:
    """What volunteers gave by number on the last days; commits nothing."""
    for site in sites:
        random = calibration.stream("counted", site, today)
        with acting(places.worker("SHELTER_VOLUNTEER", f"{site}-SHELTER")):
            team = session.scalars(sa.select(Team).where(Team.code == f"{site}-SHELTER")).one()
            for back in (3, 2, 1):
                on = today - timedelta(days=back)
                for item, (least, most) in COUNTED.items():
                    with clock.held_at(clock.at(on, 19, 30, places.timezone(site))):
                        service.count(team, item=item, number=random.randint(least, most), on=on)
