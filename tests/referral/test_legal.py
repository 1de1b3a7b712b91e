"""Legal aid: a conflict is asked without seeing anybody and answered without saying whom; representation by name."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from uuid import uuid4

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session, uuid7
from caseapp.core.errors import NotYours
from caseapp.people.models import Consent, SafetySeparation
from caseapp.procedure.models import Claim, ClaimApplicant
from caseapp.referral import errors as referral_errors
from caseapp.referral import kinds, queries, service
from caseapp.referral.legal import errors, rules
from caseapp.referral.legal import service as legal
from caseapp.referral.legal.models import LegalCheck, LegalMandate
from caseapp.referral.models import Referral
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.factories.referral import consent, offer
from tests.factories.shelter import relate
from tests.referral.conftest import restart
from tests.referral.test_one_time_page import make, text, ticket_of

A, B, C = (uuid4() for _ in range(3))
TODAY = date(2025, 11, 23)


# -- decisions ----------------------------------------------------------------------------------------
def pair(*two):
    return frozenset({frozenset(two)})


@pytest.mark.parametrize(
    ("separated", "own", "couple", "led"),
    list(product((False, True), (None, "A", "B"), (False, True), (False, True))),
)
def test_who_is_opposed(separated, own, couple, led):
    matters = rules.Matters(
        pair(A, B) if separated else frozenset(), frozenset({{"A": A, "B": B}[own]} if own else ()),
        pair(A, B) if couple else frozenset(), pair(A, B) if led else frozenset(),
    )  # fmt: skip
    expected = separated or (own is not None and (couple or led))
    assert rules.opposed(A, B, matters) is rules.opposed(B, A, matters) is expected
    assert not rules.opposed(A, A, matters) and not rules.opposed(A, C, matters)
    assert rules.conflict([A], [B, C], matters) is expected
    assert rules.conflict([A, B], [], matters) is expected  # two sides in one referral
    assert not rules.conflict([A, C], [A, C], matters)  # an old client is no conflict with themselves


@pytest.mark.parametrize(
    ("assigned", "power", "until", "wrong"),
    [
        (0, None, None, None), (-9, -3, 300, None), (1, None, None, "assigned_on"), (-3, -9, 9, "power_on"),
        (-3, 1, 9, "power_on"), (-3, -2, None, "power_until"), (-3, None, 9, "power_on"), (-3, -2, -2, "power_until"),
        (-3, -2, 1828, None), (-3, -2, 1829, "power_until"),
    ],
)  # fmt: skip
def test_dates_of_a_representation(assigned, power, until, wrong):
    at = [None if n is None else TODAY + timedelta(days=n) for n in (assigned, power, until)]
    assert rules.wrong_in(*at, TODAY) == wrong


@pytest.mark.parametrize(
    ("until", "ended", "expected"),
    [(None, None, "NO_POWER"), (0, None, "POWER"), (-1, None, "EXPIRED"), (9, 0, "ENDED"), (9, 1, "POWER")],
)
def test_how_it_stands(until, ended, expected):
    at = [None if n is None else TODAY + timedelta(days=n) for n in (until, ended)]
    assert rules.stands(*at, TODAY) == expected


@pytest.mark.parametrize("outcome", kinds.of("LEGAL").outcomes)
def test_what_may_be_told(outcome):
    needed = {"ADVISED": {"", "NO_POWER", "POWER", "EXPIRED", "ENDED"}, "LAWYER_ASSIGNED": {"NO_POWER", "POWER", "EXPIRED"},
              "POWER_SIGNED": {"POWER"}}[outcome]  # fmt: skip
    for standing in ("", "NO_POWER", "POWER", "EXPIRED", "ENDED"):
        assert rules.may_tell(outcome, [standing] if standing else []) is (standing in needed)


def test_only_legal_aid_is_blind_and_nobody_is_told_of_a_conflict():
    assert [k for k, kind in kinds.KINDS.items() if kind.blind] == ["LEGAL"]
    assert "CONFLICT_FOUND" not in kinds.of("LEGAL").outcomes
    assert rules.may_check(rules.MOST_CHECKS - 1) and not rules.may_check(rules.MOST_CHECKS)


# -- on the database ----------------------------------------------------------------------------------
@pytest.fixture
def aid(world):
    """A legal-aid office with a lawyer's desk; the mother is its client already."""
    with world.db.as_owner():
        team = make_team(make_site(), "LEGAL_AID")
        offer(team, "LEGAL")
        lawyer = principal_of(make_user("SERVICE_FOCAL_POINT", team), ("SERVICE_FOCAL_POINT", team))
        for person in (world.mother, world.father):
            consent(person, "REFER_LEGAL")
    world.aid, world.lawyer = team, lawyer
    return world


def ask(world, *people, team=None):
    """The desk refers these people to legal aid."""
    with access.acting_as(world.caseworker):
        restart()
        found = service.refer(
            [p.case_id for p in people], from_team=session.merge(world.desk), to_team=session.merge(team or world.aid),
            kind="LEGAL", priority="URGENT",
        )  # fmt: skip
        number = found.number
        restart()
    return number


def checked(world, number):
    with access.acting_as(world.lawyer):
        restart()
        found = world.open(world.lawyer, number)
        verdict = legal.check(found)
        if verdict == "CONFLICT" and found.state == "SENT":
            service.decline(found, rules.SHOWN_AS)
        restart()
    return verdict


def taken(world, *people):
    """Checked and accepted: they are clients."""
    number = ask(world, *people)
    assert checked(world, number) == "CLEAR"
    with access.acting_as(world.lawyer):
        restart()
        service.accept(world.open(world.lawyer, number))
        restart()
    return number


def separate(world, one, other, **values):
    user = make_user("SUPERVISOR", session.merge(world.desk))
    at = clock.now()
    row = SafetySeparation(
        **{
            "case_id": one.case_id, "other_case_id": other.case_id, "reach": "SITE", "since": at, "agreed_at": at,
            "agreed_by_id": user.id, "set_by_id": user.id, "holders": [user.id], **values,
        }
    )  # fmt: skip
    session.add(row)
    session.flush()


def claim(leader, *others, sealed=False):
    """A claim that `leader` leads, with others in it; or a sealed one of their own."""
    made = Claim(case_id=leader.case_id, sealed=sealed, lodged_on=TODAY)
    session.add(made)
    session.flush()
    for person in (leader, *others):
        role = ("SEPARATED_OWN_CLAIM" if sealed else "PRINCIPAL") if person is leader else "DERIVATIVE"
        session.add(
            ClaimApplicant(claim_id=made.id, case_id=person.case_id, role=role, since=TODAY, sealed=sealed)
        )
    session.flush()


MATTERS = {
    "nothing": lambda w: None,
    "kept apart": lambda w: separate(w, w.mother, w.father),
    "kept apart, the other way": lambda w: separate(w, w.father, w.mother),
    "kept apart once": lambda w: separate(w, w.mother, w.father, ended_at=clock.now()),
    "only asked": lambda w: separate(
        w, w.mother, w.father, other_case_id=None, other_number="X", agreed_at=None, agreed_by_id=None
    ),
    "a couple": lambda w: relate(w.mother, w.father, "SPOUSE"),
    "a couple, her own claim": lambda w: (relate(w.mother, w.father, "SPOUSE"), claim(w.mother, sealed=True)),
    "a couple, his own claim": lambda w: (relate(w.mother, w.father, "PARTNER"), claim(w.father, sealed=True)),
    "said a couple, and is not": lambda w: (relate(w.mother, w.father, "SPOUSE", "DISPROVED"), claim(w.mother, sealed=True)),
    "her own claim alone": lambda w: claim(w.mother, sealed=True),
    "carried by his, then her own": lambda w: (claim(w.father, w.mother), claim(w.mother, sealed=True)),
    "carried by hers, then his own": lambda w: (claim(w.mother, w.father), claim(w.father, sealed=True)),
    "one claim": lambda w: claim(w.father, w.mother),
}  # fmt: skip
OPPOSED = {
    "kept apart", "kept apart, the other way", "a couple, her own claim", "a couple, his own claim",
    "carried by his, then her own", "carried by hers, then his own",
}  # fmt: skip


@pytest.mark.parametrize("matter", MATTERS)
def test_the_database_answers_as_the_rule_and_says_no_more(aid, matter):
    taken(aid, aid.mother)
    with aid.db.as_owner():
        MATTERS[matter](aid)
    number = ask(aid, aid.father)
    assert checked(aid, number) == ("CONFLICT" if matter in OPPOSED else "CLEAR")
    assert checked(aid, number) == ("CONFLICT" if matter in OPPOSED else "CLEAR")  # asked again, nothing new
    with access.acting_as(aid.caseworker):
        restart()
        assert session.scalars(sa.select(LegalCheck)).all() == []  # not even that it was asked
    with access.acting_as(aid.lawyer):
        restart()
        columns = [c.name for c in LegalCheck.__table__.columns]
        assert sorted(columns) == ["asked_at", "asked_by_id", "id", "outcome", "referral_id", "team_id"]
        assert session.scalar(sa.select(sa.func.count()).select_from(LegalCheck)) == 2


def test_two_sides_in_one_referral_and_a_record_that_was_united(aid):
    with aid.db.as_owner():
        separate(aid, aid.mother, aid.father)
        again = make_person(aid.desk)
        consent(again, "REFER_LEGAL")
    assert checked(aid, ask(aid, aid.mother, aid.father)) == "CONFLICT"
    taken(aid, aid.mother)
    with aid.db.as_owner():
        session.execute(
            sa.text("UPDATE person SET merged_into_id = :m WHERE id = :a"),
            {"m": aid.father.id, "a": again.id},
        )
    assert checked(aid, ask(aid, again)) == "CONFLICT"


def test_another_provider_is_another_matter(aid):
    with aid.db.as_owner():
        separate(aid, aid.mother, aid.father)
        other = make_team(make_site(), "LEGAL_AID")
        offer(other, "LEGAL")
        clerk = principal_of(make_user("SERVICE_FOCAL_POINT", other), ("SERVICE_FOCAL_POINT", other))
    taken(aid, aid.mother)
    number = ask(aid, aid.father, team=other)
    with pytest.raises(NotYours):
        checked(aid, number)  # whom they ask is not its business
    aid.lawyer = clerk
    assert checked(aid, number) == "CLEAR"


def test_nobody_is_read_taken_on_or_asked_about_before(aid, client):
    number = ask(aid, aid.mother)
    client.sign_in(aid.lawyer)
    for url in ("/referrals", f"/referrals/{number}", f"/referrals/{number}/accept"):
        assert "Prueba" not in text(client.get(url)), url
    page = text(client.get(f"/referrals/{number}"))
    assert "Comprobar conflicto" in page and "/accept" not in page and f"/referrals/{number}/decline" in page
    with access.acting_as(aid.lawyer):
        restart()
        found = aid.open(aid.lawyer, number)
        with pytest.raises(errors.ConflictUnchecked):
            service.accept(found)
        with pytest.raises(sa.exc.IntegrityError, match="referral_legal_checked"), session.begin_nested():
            session.execute(sa.text(
                "UPDATE referral SET state = 'ACCEPTED', answered_at = now(), answer_channel = 'SYSTEM' WHERE id = :i"
            ), {"i": found.id})  # fmt: skip
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
            session.add(
                LegalCheck(
                    referral_id=found.id, team_id=found.to_team_id, asked_at=clock.now(), outcome="CLEAR"
                )
            )
            session.flush()
    assert client.post(f"/referrals/{number}/conflict").status_code == 302
    page = text(client.get(f"/referrals/{number}"))
    assert "Prueba" in page and f"/referrals/{number}/accept" in page and "Comprobar conflicto" not in page


def test_a_conflict_reads_like_any_no(aid, client):
    taken(aid, aid.mother)
    with aid.db.as_owner():
        separate(aid, aid.mother, aid.father)
    blind = ask(aid, aid.father)
    client.sign_in(aid.lawyer)
    page = text(client.post(f"/referrals/{blind}/conflict", follow_redirects=True))
    assert "Hay conflicto" in page and "Lucha" not in page
    client.sign_in(aid.caseworker)
    told = text(client.get(f"/referrals/{blind}"))
    assert "No es posible ofrecerlo aquí" in told and "onflicto" not in told
    with aid.db.as_owner():  # the same word, by hand, without a conflict: the same steps and the same events
        session.execute(sa.text("UPDATE safety_separation SET ended_at = now()"))
    plain = ask(aid, aid.father)
    with access.acting_as(aid.lawyer):
        restart()
        service.decline(aid.open(aid.lawyer, plain), "CANNOT_OFFER")
        restart()
    with access.acting_as(aid.caseworker):
        restart()
        one, other = (queries.referral(aid.caseworker, n) for n in (blind, plain))
        differ = {
            c.name for c in Referral.__table__.columns if getattr(one, c.name, 0) != getattr(other, c.name, 0)
        }
        assert differ <= {"id", "number"}
        steps = sa.text(
            "SELECT verb, from_state, to_state, party, code, actor FROM referral_step WHERE referral_id = :i ORDER BY id"
        )
        assert session.execute(steps, {"i": one.id}).all() == session.execute(steps, {"i": other.id}).all()
        told = sa.text("SELECT kind, reason, code, outcome FROM case_event WHERE subject_id = :i ORDER BY id")
        assert session.execute(told, {"i": one.id}).all() == session.execute(told, {"i": other.id}).all()


def test_a_probe_runs_dry(aid):
    number = ask(aid, aid.mother)
    with aid.db.as_owner():
        found = session.scalars(sa.select(Referral)).one()
        for _ in range(rules.MOST_CHECKS):
            other = Referral(**{
                c.key: getattr(found, c.key) for c in sa.inspect(Referral).column_attrs if c.key not in ("id", "number", "version")
            }, number=f"R{uuid4().hex[:9]}")  # fmt: skip
            session.add(other)
            session.flush()
            session.add(LegalCheck(
                id=uuid7(), referral_id=other.id, team_id=other.to_team_id, asked_at=clock.now() - timedelta(hours=23), outcome="CLEAR"
            ))  # fmt: skip
        session.flush()
    with pytest.raises(errors.TooManyChecks):
        checked(aid, number)
    with clock.held_at(clock.now() + timedelta(hours=2)):
        assert checked(aid, number) == "CLEAR"


def test_a_consent_that_ran_out_opens_nobody_and_given_anew_opens_no_door_either(aid):
    number = ask(aid, aid.mother)
    with access.acting_as(aid.caseworker):
        restart()
        key = session.scalars(
            sa.select(Consent).where(Consent.case_id == aid.mother.case_id, Consent.purpose == "REFER_LEGAL")
        ).one()
        key.expires_on = TODAY - timedelta(days=1)
        restart()
    assert checked(aid, number) == "CLEAR"
    with access.acting_as(aid.lawyer):
        restart()
        with pytest.raises(referral_errors.ReadingClosed):
            service.accept(aid.open(aid.lawyer, number))


# -- a page without an account ------------------------------------------------------------------------
def test_a_clinic_without_an_account_is_blind_too(aid, client):
    with aid.db.as_owner():
        clinic = make_team(make_site(), "LEGAL_CLINIC")
        offer(clinic, "LEGAL")
        separate(aid, aid.mother, aid.father)
    first, second = (ask(aid, p, team=clinic) for p in (aid.mother, aid.father))
    for number, conflict in ((first, False), (second, True)):
        made = make(aid, number)
        client.sign_out()
        page = text(client.post(f"/r/{made.token}", data={"code": made.code}))
        assert "Comprobar conflicto" in page and "Lucha" not in page
        answer = {"ticket": ticket_of(page), "verb": "accept", "answered_by_name": "Lic. Inventada"}
        assert "Comprobar conflicto" in text(client.post(f"/r/{made.token}", data=answer))  # not before
        page = text(client.post(f"/r/{made.token}", data={**answer, "verb": "check"}))
        if conflict:
            assert "Hay conflicto" in page
            continue
        assert "Lucha" in page
        page = text(client.post(f"/r/{made.token}", data={**answer, "ticket": ticket_of(page)}))
        assert "Usted aceptó" in page
    with access.acting_as(aid.caseworker):
        restart()
        assert queries.referral(aid.caseworker, second).decline_reason == "CANNOT_OFFER"


# -- who represents -----------------------------------------------------------------------------------
def test_a_lawyer_by_name_and_a_power_with_its_end(aid, client):
    number = taken(aid, aid.mother)
    client.sign_in(aid.lawyer)
    assert f"/referrals/{number}/lawyers" in text(client.get(f"/referrals/{number}"))
    told = {"reason": "DELIVERED_FULL", "outcome": "LAWYER_ASSIGNED", "version": ""}
    refused = client.post(f"/referrals/{number}/complete", data=told)
    assert refused.status_code == 422 and "quién la representa" in text(refused)
    given = {
        "person": str(aid.mother.case_id),
        "lawyer": "Lic. Inventada Prueba",
        "assigned_on": "2025-11-22",
    }
    wrong = client.post(f"/referrals/{number}/lawyers", data={**given, "power_until": "2026-11-22"})
    assert wrong.status_code == 422 and "Lic. Inventada Prueba" in text(wrong)
    page = text(client.post(f"/referrals/{number}/lawyers", data=given, follow_redirects=True))
    assert "Lic. Inventada Prueba" in page and "sin poder firmado" in page
    refused = client.post(f"/referrals/{number}/complete", data={**told, "outcome": "POWER_SIGNED"})
    assert refused.status_code == 422
    mandate = page.split(f"/referrals/{number}/lawyers/")[1].split('"')[0]
    url = f"/referrals/{number}/lawyers/{mandate}"
    assert client.post(url, data={"power_on": "", "power_until": "", "version": "1"}).status_code == 422
    assert (
        client.post(
            url, data={"power_on": "2025-11-23", "power_until": "2026-11-22", "version": "1"}
        ).status_code
        == 302
    )
    stale = client.post(url, data={"power_on": "2025-11-23", "power_until": "2027-11-22", "version": "1"})
    assert stale.status_code == 409
    done = client.post(f"/referrals/{number}/complete", data={**told, "outcome": "POWER_SIGNED"})
    assert done.status_code == 302
    client.sign_in(aid.caseworker)
    page = text(client.get(f"/referrals/{number}"))
    assert "Lic. Inventada Prueba" in page and "con poder" in page and "Firmó poder" in page
    assert (
        client.get(f"/referrals/{number}/lawyers").status_code == 404
    )  # the provider writes it, not the desk
    client.sign_in(aid.stranger)
    assert client.get(url).status_code == 404


def test_one_lawyer_at_a_time_of_somebody_taken_on(aid):
    number = taken(aid, aid.mother)
    with access.acting_as(aid.lawyer):
        restart()
        found = aid.open(aid.lawyer, number)
        with pytest.raises(errors.NotRepresenting):
            legal.assign(found, aid.father.case_id, "X", TODAY)
        row = legal.assign(found, aid.mother.case_id, "Lic. Primera", TODAY)
        with pytest.raises(errors.NotRepresenting):
            legal.assign(found, aid.mother.case_id, "Lic. Segunda", TODAY)
        for wrong in (
            {"power_on": TODAY}, {"power_on": TODAY, "power_until": TODAY}, {"ended_on": TODAY - timedelta(days=1)},
            {"power_on": TODAY - timedelta(days=1), "power_until": TODAY},
        ):  # fmt: skip
            with pytest.raises(sa.exc.IntegrityError, match="dates_in_order"), session.begin_nested():
                session.execute(sa.update(LegalMandate).values(**wrong))
        for case_id in (aid.mother.case_id, aid.father.case_id):
            with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
                again = LegalMandate(referral_id=found.id, case_id=case_id, assigned_on=TODAY)
                again.lawyer = "Lic. Otra"
                session.add(again)
                session.flush()
        legal.end_mandate(found, row, TODAY)
        with pytest.raises(errors.NotRepresenting):
            legal.give_power(found, row, TODAY, TODAY + timedelta(days=9))
        legal.assign(found, aid.mother.case_id, "Lic. Segunda", TODAY)
        with pytest.raises(sa.exc.IntegrityError, match="tells_of_lawyer"), session.begin_nested():
            session.execute(sa.text(
                "UPDATE referral SET state = 'COMPLETED', result = 'DELIVERED_FULL', outcome = 'POWER_SIGNED', ended_at = now()"
            ))  # fmt: skip


def test_of_a_telephone_answer_the_desk_writes_it(aid):
    number = ask(aid, aid.mother)
    with access.acting_as(aid.caseworker):
        restart()
        found = aid.open(aid.caseworker, number)
        service.accept(
            found, channel="PHONE_RECORDED_BY_SENDER", answered_by_name="Lic. Inventada", read_back=True
        )
        legal.assign(found, aid.mother.case_id, "Lic. Inventada", TODAY)
        restart()
    with access.acting_as(aid.lawyer):
        restart()
        with pytest.raises(NotYours):
            legal.assign(aid.open(aid.lawyer, number), aid.mother.case_id, "Otra", TODAY)
