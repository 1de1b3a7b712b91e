"""One function for each verb of an act, named as the verb."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING

import sqlalchemy as sa

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.rules import LeaveNeeded, birth_bounds
from caseapp.people.service import NewConsent, NewDocument, NewFamily, NewPerson
from caseapp.places.models import Site
from caseapp.protection import queries as protection_queries
from caseapp.protection import rules as protection_rules
from caseapp.protection import service as protection
from caseapp.reception import service as reception
from caseapp.referral import kinds
from caseapp.referral import service as referral
from caseapp.referral.models import Referral
from caseapp.referral.queries import WHOLE
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter
from workers.demo import answers, calibration
from workers.demo.acts import Act
from workers.demo.answering import ask_the_parish, by_telephone, ground_of, say_no
from workers.demo.assisting import deliver  # noqa: F401
from workers.demo.children import approve_assessment, conclude_assessment, open_assessment  # noqa: F401
from workers.demo.claiming import appeal, claim_step, close_claim, decide, lodge, move_leave, notify, sign  # noqa: F401
from workers.demo.consenting import act_without, take_back  # noqa: F401
from workers.demo.custody_verbs import (  # noqa: F401
    agree_exit,
    catch_up,
    confirm_exit,
    detain,
    follow_up,
    release,
    review_departure,
    safeguards,
)
from workers.demo.helping import ask_help, attend, help_step, shelter_gives  # noqa: F401
from workers.demo.livelihood_verbs import enrol, job, move_job, move_permit, move_training, permit, plan, step  # noqa: F401
from workers.demo.placing import places_for
from workers.demo.rare import agree_alone, return_step  # noqa: F401
from workers.demo.representing import borne_out, take_on
from workers.demo.waiting_verbs import offer_waiting, wait  # noqa: F401
from workers.demo.working_verbs import (  # noqa: F401
    accept_files,
    agree_plan,
    agree_transfer,
    approve_plan,
    arrive,
    finish_task,
    note,
    offer_files,
    raise_alert,
    task,
)

if TYPE_CHECKING:
    from workers.demo.perform import Scene

SHELTERED = ("SHELTER", "SAFE_SHELTER")
WAITING = ("SENT", "INFO_ASKED")


# --- at the desk ----------------------------------------------------------------------------------------


def register(scene: Scene, act: Act) -> None:
    arrival = reception.NewArrival(act.args["arrived"], act.args["place"], act.args["mode"])
    with scene.at_desk():
        made = reception.register_family(
            scene.story.family.new, arrival, team=scene.team, on=scene.on(act), numbers=scene.numbers
        )
    scene.cases = dict(enumerate(made.cases))
    scene.persons = dict(enumerate(made.persons))


def register_again(scene: Scene, act: Act) -> None:
    """The same person, written a little differently by somebody who did not find the first record."""
    first = scene.story.family.new.members[0]
    assert isinstance(first, NewPerson)
    again = replace(first, surname_2="", documents=(), contacts=(), also_known_as="")
    arrival = reception.NewArrival(scene.on(act), act.args["place"], "ON_FOOT")
    with scene.at_desk():
        made = reception.register_family(
            NewFamily((again,)), arrival, team=scene.team, on=scene.on(act), numbers=scene.numbers
        )
        people_service.note_candidate(scene.cases[0].id, made.cases[0].id, 86)
    scene.copies[act.ref] = made.cases[0]


def merge(scene: Scene, act: Act) -> None:
    copy = scene.copies[act.ref]
    with scene.as_("SUPERVISOR"):
        people_service.merge(copy, scene.cases[0], on=scene.on(act))
        scene.close(copy, "DUPLICATE", scene.on(act))


def consent(scene: Scene, act: Act) -> None:
    (i,), given = act.who, act.args
    carer = given["carer"]
    new = NewConsent(
        given["purpose"], given["state"], given["given_by"],
        given_by_case_id=scene.cases[carer].id if carer is not None else None,
        form=given["form"] if given["state"] == "GIVEN" else None, language=given["language"], alone=given["alone"],
        assent="GIVEN" if given["state"] == "GIVEN" and given["given_by"] != "SELF" else None,
    )  # fmt: skip
    with scene.at_desk():
        people_service.record_consent(scene.cases[i], scene.persons[i], new, on=scene.on(act))


def withdraw_consent(scene: Scene, act: Act) -> None:
    """Something that nothing else rests on any more."""
    case = scene.cases[act.who[0]]
    kept = ("CONTACT_BY_MESSAGE", "CONTACT_BY_PHONE", "SHARE_UNHCR", "PHOTO", "REFER_MHPSS", "REFER_LEGAL")
    with scene.at_desk():
        for row in people.consents_of(case.id):
            if row.state == "GIVEN" and row.purpose in kept:
                people_service.withdraw_consent(case, row, on=scene.on(act))
                return


def correct(scene: Scene, act: Act) -> None:
    (i,) = act.who
    case = scene.cases[i]
    with scene.at_desk():
        person = people.person_of(case, lock=True)
        known = people_service.details_of(person)
        random = Random(f"{case.number} corrected")
        if act.args["what"] == "NAME":
            changed = replace(known, surname_2=calibration.surnames("spa").draw(random))
        elif act.args["what"] == "BIRTH" and known.birth.precision == "DAY" and known.birth.earliest:
            born = known.birth.earliest
            day = 1 + (born.day + 9) % 28
            changed = replace(
                known, birth=birth_bounds("DAY", on=scene.on(act), day=day, month=born.month, year=born.year)
            )
        else:
            number = f"DEMO-{known.nationalities[0]}-{random.randrange(10**6):06d}"
            shown = NewDocument("CONSULAR_ID", number=number, issued_by=known.nationalities[0], seen=True)
            changed = replace(known, documents=(*known.documents, shown))
        people_service.correct_person(case, person, changed, version=None, on=scene.on(act))


# --- screening ------------------------------------------------------------------------------------------


def screen(scene: Scene, act: Act) -> None:
    (i,), told = act.who, act.args
    case, person = scene.cases[i], scene.persons[i]
    random = Random(told["draw"])
    new = scene.story.family.new.members[i]
    assert isinstance(new, NewPerson)
    interpreter = random.choice(("PROFESSIONAL", "REMOTE", "STAFF")) if new.interpreter_needed else "NONE"
    conditions = protection_rules.Conditions(
        "CHILD_WITH_SUPPORT" if told["child"] else "YES", "YES", interpreter,
        random.choice(("YES", "YES", "NOT_ASKED")), "YES" if new.interpreter_needed else "NOT_APPLICABLE",
    )  # fmt: skip
    with scene.at_desk():
        facts = protection_queries.facts_of(case, person, scene.on(act))
        screening = protection.start(case, conditions)
        asked = reference.questionnaire(screening.questionnaire)
        said = answers.answers(asked, facts, _about(scene, i, told["homeless"]), random)
        sections = asked.sections[:2] if told["unfinished"] else asked.sections
        # The page saves section by section; one after the other within minutes comes to the same.
        whole = replace(sections[0], questions=tuple(q for s in sections for q in s.questions))
        protection.save_answers(screening, whole, said)
        if told["unfinished"]:
            protection.leave_unfinished(case, screening, told["unfinished"])
            return
        counting = protection_rules.counted(asked, said, facts, conditions.private)
        proposed = protection_rules.propose(asked, counting, facts)
        made = answers.decisions(proposed, random)
        protection.decide(case, screening, made)
        outcomes = protection_rules.outcomes_of(proposed, made, ())
        needs = sum(d.kind == "NEED" and d.confirmed for d in made)
        main, added = answers.main_of(outcomes, needs, told["child"])
        protection.complete(case, screening, main, added=added)


def _about(scene: Scene, i: int, homeless: bool) -> answers.About:
    family = scene.story.family
    arrived = scene.story.slot.arrived
    member, new = family.members[i], family.new.members[i]
    assert isinstance(new, NewPerson)
    adult = member.age(arrived) >= 18
    kin = [m for m in family.members if m.age(arrived) < 18]
    own = sum(m.role == "CHILD" for m in kin) if member.role in ("HEAD", "SPOUSE", "PARTNER") and adult else 0
    others = len(kin) - sum(m.role == "CHILD" for m in kin) if member.role == "HEAD" and adult else 0
    return answers.About(
        member.sex, member.age(arrived), member.role, bool(new.interpreter_needed), new.feels_safe_in, new.populations,
        own, others, len(family.adults(arrived)), any(m.age(arrived) <= 1 for m in kin), homeless,
    )  # fmt: skip


# --- referrals ------------------------------------------------------------------------------------------


def refer(scene: Scene, act: Act) -> None:
    from workers.demo.perform import team_called

    asked = act.args
    values: dict[str, object] = {}
    if asked["kind"] in SHELTERED:
        first = _evening(scene, act)
        values = {"first_night": first, "last_night": first + timedelta(days=asked["nights"] - 1)}
    with scene.at_desk(), session.begin_nested():
        scene.referrals[act.ref] = referral.refer(
            [case.id for _, case in scene.of(act)], from_team=scene.team, to_team=team_called(asked["receivers"][0]),
            kind=asked["kind"], priority=asked["priority"], numbers=scene.numbers, because_of=ground_of(scene, act), **values,
        )  # fmt: skip


def _evening(scene: Scene, act: Act) -> date:
    """The evening that a moment belongs to: until four in the morning it is still the last one's."""
    return clock.local(act.at - timedelta(hours=4), scene.timezone).date()


def accept(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is None or found.state not in WAITING:
        return
    if found.kind not in SHELTERED and by_telephone(scene, found):
        return
    with scene.receiving(found):
        if kinds.of(found.kind).blind:
            take_on(found, scene.on(act))
            return
        if found.kind not in SHELTERED:
            referral.accept(found)
            return
        first = act.args.get("first") or _evening(scene, act)
        last = first + timedelta(days=act.args["nights"] - 1)
        site = session.scalars(sa.select(Site).where(Site.id == found.to_team.site_id)).one()
        ids = [m.case_id for m in found.members]
        chosen = places_for(found.to_team_id, site, ids, first, last)
        if chosen is None:
            say_no(scene, found, "NO_PLACE_THIS_SIZE" if len(ids) > 3 else "NO_SUITABLE_UNIT", scene.on(act))
            return
        try:
            with session.begin_nested():
                referral.accept(found, chosen, first_night=first, last_night=last)
        except LeaveNeeded:
            # The savepoint took back what was read of it.
            afresh = sa.select(Referral).where(Referral.id == found.id).options(*WHOLE)
            found = session.scalars(afresh.execution_options(populate_existing=True)).one()
            referral.decline(found, "TERRITORIAL_LIMIT")


def decline(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is not None and found.state in WAITING:
        with scene.receiving(found):
            say_no(scene, found, act.args["reason"], scene.on(act))
        ask_the_parish(scene, found, act)


def ask_info(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is not None and found.state == "SENT":
        with scene.receiving(found):
            referral.ask_info(found, "¿A qué hora pueden llegar?")


def give_info(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is not None and found.state == "INFO_ASKED":
        with scene.at_desk():
            referral.give_info(found, "Pueden llegar por la tarde.")


def withdraw(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is not None and found.state in WAITING:
        with scene.at_desk():
            referral.withdraw(found, act.args["reason"])


def lapse(scene: Scene, act: Act) -> None:
    """What the minute sweep does with a referral that nobody answered. The database takes it for the desk's work, as
    whoever fills a demo may not do the sweep's."""
    found = scene.referrals.get(act.ref)
    if found is not None and found.state in WAITING:
        with scene.at_desk(), access.acting_as(access.system("clocks")):
            referral.look_at(found)


def start(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is not None and found.state == "ACCEPTED":
        with scene.receiving(found):
            referral.start(found)


def complete(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is not None and found.state in ("ACCEPTED", "STARTED"):
        with scene.receiving(found):
            known = kinds.of(found.kind).outcomes
            came = known[len(found.number + act.ref) % len(known)] if known else ""
            came = borne_out(found, came, scene.on(act))
            referral.complete(found, act.args["result"], outcome=came)


def _look_again(scene: Scene, found: Referral) -> None:
    """A definer function moved the referral on as the stays stand."""
    with scene.at_desk():
        session.refresh(found, ["state", "version"])


# --- stays ----------------------------------------------------------------------------------------------


def check_in(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is None:
        return
    role = "GATE_NIGHT" if clock.local(act.at, scene.timezone).hour >= 19 else "SHELTER_COORDINATOR"
    with scene.as_(role, found.to_team.code):
        booked = [s for s in shelter_queries.holding_for_referral(found.id) if s.state == "BOOKED"]
        if booked:
            shelter.check_in(booked)
    _look_again(scene, found)


def no_show(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is None:
        return
    with scene.as_("SHELTER_COORDINATOR", found.to_team.code):
        booked = [s for s in shelter_queries.holding_for_referral(found.id) if s.state == "BOOKED"]
        if booked:
            shelter.no_show(booked)
    _look_again(scene, found)


def extend(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is None:
        return
    with scene.as_("SHELTER_COORDINATOR", found.to_team.code), session.begin_nested():
        for stay in shelter_queries.holding_for_referral(found.id):
            shelter.extend(stay, stay.last_night + timedelta(days=act.args["nights"]), "NO_OTHER_PLACE")


def depart(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is None:
        return
    with scene.as_("SHELTER_COORDINATOR", found.to_team.code):
        for stay in shelter_queries.holding_for_referral(found.id):
            if stay.state == "IN":
                shelter.depart(
                    stay, act.args["reason"], act.args["destination"], confirmed=act.args["confirmed"]
                )
    _look_again(scene, found)


# --- solution, end -------------------------------------------------------------------------------------


def attempt(scene: Scene, act: Act) -> None:
    with scene.at_desk():
        for _, case in scene.of(act):
            people_service.record_attempt(
                case, channel=act.args["channel"], result=act.args["result"], on=scene.on(act)
            )


def close_case(scene: Scene, act: Act) -> None:
    """A supervisor closes each member's case; the needs that are open are answered, or no longer there."""
    gone = act.args["reason"] in ("CONTACT_LOST", "LEFT_TOLD", "LEFT_LEARNT", "PERSON_ASKED")
    with scene.as_("SUPERVISOR"):
        for _, case in scene.of(act):
            for need in people.needs_of(case.id, open_only=True):
                if gone:
                    people_service.end_need(case, need, reason="NOT_PRESENT", on=scene.on(act))
                else:
                    people_service.meet_need(case, need, on=scene.on(act))
            catch_up(case, scene.on(act), "NOT_FOUND" if gone else "AT_SHELTER")
            scene.close(case, act.args["reason"], scene.on(act))
