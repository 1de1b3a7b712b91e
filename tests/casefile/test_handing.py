"""A file is offered, accepted, declined, withdrawn or lapses; who came and who did not; what stays behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.casefile import rules as closing_rules
from caseapp.casefile import service
from caseapp.casefile.models import CaseAlert, CaseNote, Handover, HandoverMember
from caseapp.casefile.queries import handing, work
from caseapp.casefile.rules import handing as rules
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.deadline.models import Deadline
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import Case, CaseAccess, Household, HouseholdMember, MovementLimit, Need
from caseapp.places.models import Site
from caseapp.procedure import service as procedure
from caseapp.procedure.models import SignDuty
from caseapp.referral.models import Referral
from tests.casefile.conftest import restart
from tests.conftest import NOW
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.referral import consent
from tests.factories.shelter import require
from workers import deadline as sweep

ON = date(2025, 11, 23)
ARRIVES = ON + timedelta(days=2)


@dataclass
class Two:
    """The desk, and another centre's team that receives."""

    desk: Any
    other: Any
    receiver: access.Principal
    abroad: Any
    foreigner: access.Principal


@pytest.fixture
def two(desk):
    with desk.db.as_owner():
        other = make_team()
        receiver = principal_of(make_user("CASEWORKER", other), ("CASEWORKER", other))
        site = make_site(country="GTM", code="GT-999", admin1="GT01", timezone="America/Guatemala")
        abroad = make_team(site)
        foreigner = principal_of(make_user("SUPERVISOR", abroad), ("SUPERVISOR", abroad))
        for person in (desk.woman, desk.mother):
            consent(person, "CASE_TRANSFER")
    return Two(desk, other, receiver, abroad, foreigner)


def told(case_id, kind):
    rows = session.scalars(sa.select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.kind == kind))
    return [(e.code, e.reason) for e in rows]


def offered(two, *people_, to=None, **more):
    """An offer by the desk's caseworker; committed."""
    with access.acting_as(two.desk.caseworker):
        restart()
        to = session.merge(to or two.other)
        case = two.desk.case(people_[0])
        made = service.offer_handover(case, service.Offer([p.case_id for p in people_], to, ARRIVES, **more))
        session.commit()
        return made.id


def accepted(two, handover_id, who=None):
    with access.acting_as(who or two.receiver):
        restart()
        cases = service.accept_handover(handing.one(handover_id, access.current(), lock=True))
        ids = [c.id for c in cases]
        session.commit()
        return ids


# -- offering and answering ---------------------------------------------------------------------------
def test_nothing_moves_before_the_yes_and_the_receiver_sees_only_the_minimum(two, client):
    desk = two.desk
    with desk.db.as_owner():
        require(desk.woman, "GROUND_FLOOR")
    made = offered(two, desk.woman, words="Viene de noche")
    with access.acting_as(two.receiver):
        restart()
        assert session.get(Case, desk.woman.case_id) is None
        assert session.scalars(sa.select(Handover.state)).one() == "OFFERED"
    client.sign_in(two.receiver)
    page = client.get(f"/handovers/{made}").get_data(as_text=True)
    assert "Planta baja" in page and "Mujer o niña, 18 a 59 años" in page
    for words in (desk.woman.given_names, desk.numbers[desk.woman.case_id], "Viene de noche", "Honduras"):
        assert words not in page, words
    assert client.get(f"/cases/{desk.numbers[desk.woman.case_id]}").status_code == 404
    today = client.get("/today").get_data(as_text=True)
    assert f"/handovers/{made}" in today and desk.woman.given_names not in today


def test_the_preview_shows_exactly_what_the_receiver_reads(two, client):
    desk = two.desk
    with desk.db.as_owner():
        require(desk.woman, "GROUND_FLOOR")
    client.sign_in(desk.caseworker)
    preview = client.get(f"/cases/{desk.numbers[desk.woman.case_id]}/handover?to={two.other.code}").get_data(
        as_text=True
    )
    made = offered(two, desk.woman)
    client.sign_in(two.receiver)
    page = client.get(f"/handovers/{made}").get_data(as_text=True)

    def lines(html):
        return html.split('<ul class="plain">', 1)[1].split("</ul>", 1)[0]

    assert lines(preview) == lines(page)
    assert "Las notas de supervisión" in preview


def test_on_acceptance_the_whole_household_moves_with_what_is_open_in_its_files(two):
    desk = two.desk
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.mother)
        task = service.set_task(
            case, kind="CALL", words="x", due_on=ARRIVES, assigned_to=desk.caseworker.user_id
        )
        service.make_plan(case, agreed_with="PERSON", review_on=ON + timedelta(days=20))
        session.commit()
        household_id = people.household_of(case.id).id
    made = offered(two, desk.mother, desk.child)
    accepted(two, made)
    with access.acting_as(two.receiver):
        restart()
        for person in (desk.mother, desk.child):
            case = session.get_one(Case, person.case_id)
            assert (case.team_id, case.site_id, case.assigned_to_id) == (
                two.other.id,
                two.other.site_id,
                None,
            )
            assert told(case.id, "case.handed_over") == [("CENTRE", None)]
        assert session.get_one(Household, household_id).team_id == two.other.id
        moved = work.tasks_of(desk.mother.case_id)[0].task
        assert (moved.id, moved.assigned_to_id) == (task.id, None)
        assert work.open_approval(work.plan_of(desk.mother.case_id).id) is None
        clocks = session.execute(sa.text("SELECT DISTINCT team_id FROM deadline")).scalars().all()
        assert clocks == [two.other.id]
    with access.acting_as(desk.caseworker):
        restart()
        # The sending team reads along until the people arrive; the work is no longer theirs.
        case = session.get_one(Case, desk.mother.case_id)
        assert case.readers == [desk.team.id]
        assert session.scalars(sa.select(CaseAccess.scope).where(CaseAccess.case_id == case.id)).all() == [
            "SHARE"
        ]
        assert work.tasks_of(case.id) == []


def test_some_members_move_and_form_a_household_of_their_own(two):
    desk = two.desk
    with desk.db.as_owner():
        from tests.factories import make_person

        partner = make_person(desk.team, birth=date(1985, 3, 3))
        consent(partner, "CASE_TRANSFER")
        old = session.scalar(
            sa.select(HouseholdMember.household_id).where(HouseholdMember.case_id == desk.mother.case_id)
        )
        session.add(HouseholdMember(household_id=old, case_id=partner.case_id, joined_on=ON))
    made = offered(two, desk.mother, desk.child)
    accepted(two, made)
    with access.acting_as(two.receiver):
        restart()
        new = people.household_of(desk.mother.case_id)
        assert new.id != old and new.team_id == two.other.id
        assert {p.case.id for p in people.members_of(new)} == {desk.mother.case_id, desk.child.case_id}
    with access.acting_as(desk.caseworker):
        restart()
        (stays,) = people.members_of(old)
        assert (stays.case.id, stays.member.is_head) == (partner.case_id, True)
        assert session.get_one(Household, old).team_id == desk.team.id


def test_an_adult_does_not_leave_the_child_alone(two):
    with pytest.raises(rules.ChildLeftAlone):
        offered(two, two.desk.mother)


def test_each_adults_consent_is_needed_or_one_of_the_four_bases_looked_at_by_a_second_person(two, client):
    desk = two.desk
    with desk.db.as_owner():
        session.execute(
            sa.text("UPDATE consent SET state = 'REFUSED' WHERE case_id = :c"), {"c": desk.woman.case_id}
        )
    with pytest.raises(rules.TransferConsentMissing):
        offered(two, desk.woman)
    made = offered(two, desk.woman, bases={desk.woman.case_id: ("VITAL_INTEREST", "Amenaza en el albergue")})
    with access.acting_as(two.receiver):
        restart()
        assert session.scalars(sa.select(Handover)).all() == []
    with access.acting_as(desk.supervisor):
        restart()
        row = session.get_one(Handover, made)
        assert row.state == "PREPARED"
        assert told(desk.woman.case_id, "consent.waived") == [("CASE_TRANSFER", "VITAL_INTEREST")]
        assert told(desk.woman.case_id, "case.handover_offered") == []
        service.decide_approval(desk.case(desk.woman), work.open_approval(made), approve=True)
        assert row.state == "OFFERED"
        assert told(desk.woman.case_id, "case.handover_offered") == [("CENTRE", None)]


def test_another_country_needs_its_own_consent_a_second_person_and_is_never_that_of_nationality(two):
    desk = two.desk
    with pytest.raises(rules.TransferConsentMissing):
        offered(two, desk.woman, to=two.abroad)
    with desk.db.as_owner():
        consent(desk.woman, "CROSS_BORDER", recipient_country="CRI")
    with pytest.raises(rules.TransferConsentMissing):
        offered(two, desk.woman, to=two.abroad)
    with desk.db.as_owner():
        consent(desk.woman, "CROSS_BORDER", recipient_country="GTM")
    made = offered(two, desk.woman, to=two.abroad)
    with access.acting_as(desk.supervisor):
        restart()
        assert session.get_one(Handover, made).state == "PREPARED"
        service.decide_approval(desk.case(desk.woman), work.open_approval(made), approve=True)
        session.commit()
    accepted(two, made, two.foreigner)
    with access.acting_as(two.foreigner):
        restart()
        case = session.get_one(Case, desk.woman.case_id)
        assert (case.country, case.team_id) == ("GTM", two.abroad.id)
        assert people.person_of(case).given_names == desk.woman.given_names
        answered = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "transfer.responded")).one()
        assert (answered.outcome, answered.code, answered.country, answered.case_id) == (
            "ACCEPTED",
            "GTM",
            "MEX",
            None,
        )
    with desk.db.as_owner():
        session.execute(
            sa.text("UPDATE person_nationality SET country = 'GTM' WHERE case_id = :c"),
            {"c": desk.mother.case_id},
        )
        consent(desk.mother, "CROSS_BORDER", recipient_country="GTM")
    with pytest.raises(rules.CountryOfNationality):
        offered(two, desk.mother, desk.child, to=two.abroad)


def test_what_binds_in_a_country_is_left_behind_with_it(two):
    """The old country's legal limits, the office at which the person signed and the state in which they stayed: none of
    it follows them over the border, and no sweep stops at it."""
    desk = two.desk
    with desk.db.as_owner():
        consent(desk.woman, "CROSS_BORDER", recipient_country="GTM")
        session.get_one(Site, desk.team.site_id).admin1 = "MX07"
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        claim = procedure.lodge(case, on=ON - timedelta(days=5))
        procedure.take(case, claim, "REGISTERED", on=ON - timedelta(days=4))
        service.set_task(case, kind="CALL", words="x", due_on=ARRIVES)
        session.commit()
        assert session.scalar(sa.select(MovementLimit.admin1)) == "MX07"
    made = offered(two, desk.woman, to=two.abroad)
    with access.acting_as(desk.supervisor):
        restart()
        service.decide_approval(desk.case(desk.woman), work.open_approval(made), approve=True)
        session.commit()
    accepted(two, made, two.foreigner)
    with access.acting_as(two.foreigner):
        restart()
        rows = session.execute(sa.select(Deadline.rule, Deadline.state, Deadline.cancel_reason)).all()
        ended = {rule: reason for rule, state, reason in rows if state == "CANCELLED"}
        assert ended == dict.fromkeys(("CLAIM_DECIDE", "CLAIM_SIGN_IN"), "MOVED_AWAY")
        assert "TASK" in {rule for rule, state, _reason in rows if state == "RUNNING"}
        assert people.movements_of([desk.woman.case_id], ON) == {}
        assert session.execute(sa.select(SignDuty.ended_on, SignDuty.end_reason)).one() == (ON, "LIFTED")
    desk.db.as_role("work")
    with access.acting_as(access.system("clocks")), clock.held_at(NOW + timedelta(days=200)):
        restart()
        done = sweep.look.run()
    desk.db.as_role("app")
    assert done["failed"] == 0 and done["clocks_escalated"] >= 1


def test_the_database_says_again_where_a_file_never_goes(two):
    """Not to the country of nationality, not to custody, not twice at once."""
    desk = two.desk
    with desk.db.as_owner():
        station = make_team(type="MIGRATION_CUSTODY")
        session.execute(
            sa.text("UPDATE person_nationality SET country = 'GTM' WHERE case_id = :c"),
            {"c": desk.woman.case_id},
        )
    made = {
        "case_id": desk.mother.case_id, "whole": False, "from_team_id": desk.team.id, "from_country": "MEX",
        "state": "OFFERED", "arrives_on": ARRIVES, "prepared_at": NOW, "prepared_by_id": desk.caseworker.user_id,
        "offered_at": NOW, "lapse_at": NOW,
    }  # fmt: skip
    with access.acting_as(desk.caseworker):
        restart()
        for to, kind, person, match in (
            (two.abroad, "COUNTRY", desk.woman, "never to the country"), (station, "CENTRE", desk.mother, "takes no file"),
        ):  # fmt: skip
            row = Handover(**made, kind=kind, to_team_id=to.id, to_country=to.country)
            session.add(row)
            session.flush()
            with pytest.raises(sa.exc.IntegrityError, match=match), session.begin_nested():
                session.add(
                    HandoverMember(
                        handover_id=row.id, case_id=person.case_id, position=0, sex="F", age_band="18-59"
                    )
                )
                session.flush()
        for state in ("ACCEPTED", "PREPARED"):
            again = Handover(**made, kind="CENTRE", to_team_id=two.other.id, to_country="MEX")
            session.add(again)
            session.flush()
            session.add(
                HandoverMember(
                    handover_id=again.id, case_id=desk.mother.case_id, position=0, sex="F", age_band="18-59"
                )
            )
            if state == "ACCEPTED":
                session.flush()
                with pytest.raises(rules.HandoverOpen):
                    service.offer_handover(
                        desk.case(desk.mother),
                        service.Offer([desk.mother.case_id, desk.child.case_id], two.other, ARRIVES),
                    )
                session.flush()
            else:
                with pytest.raises(sa.exc.IntegrityError, match="another offer is open"):
                    session.flush()


def test_only_the_receiving_side_takes_a_file_over_and_only_after_its_yes(two):
    made = offered(two, two.desk.woman)
    for who in (two.desk.caseworker, two.receiver, two.foreigner):
        with access.acting_as(who):
            restart()
            with (
                pytest.raises(sa.exc.ProgrammingError, match="not yours to take over"),
                session.begin_nested(),
            ):
                session.execute(sa.select(sa.func.take_over(made, ON, NOW)))
    with access.acting_as(two.desk.caseworker):
        restart()
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), session.begin_nested():
            session.execute(
                sa.update(Case).where(Case.id == two.desk.woman.case_id).values(team_id=two.other.id)
            )


@pytest.mark.parametrize("reason", rules.DECLINING)
def test_a_no_has_a_reason_and_moves_nothing(two, reason):
    made = offered(two, two.desk.woman)
    with access.acting_as(two.receiver):
        restart()
        row = handing.one(made, two.receiver, lock=True)
        with pytest.raises(rules.ReasonMissing):
            service.decline_handover(row, reason="PREVIOUS_INCIDENT")
        service.decline_handover(row, reason=reason)
        session.commit()
    with access.acting_as(two.desk.caseworker):
        restart()
        assert told(two.desk.woman.case_id, "case.handover_declined") == [(None, reason)]
        assert two.desk.case(two.desk.woman).team_id == two.desk.team.id
        with pytest.raises(rules.HandoverAnswered):
            service.withdraw_handover(session.get_one(Handover, made), reason="SENT_IN_ERROR")
    offered(two, two.desk.woman)


@pytest.mark.parametrize("reason", rules.WITHDRAWING)
def test_the_offering_side_takes_it_back(two, reason):
    made = offered(two, two.desk.woman)
    with access.acting_as(two.desk.caseworker):
        restart()
        service.withdraw_handover(session.get_one(Handover, made), reason=reason)
        session.commit()
    with pytest.raises(rules.HandoverAnswered):
        accepted(two, made)


def answer(two, person, purpose, state, **more):
    """What the person says now, at the desk."""
    with access.acting_as(two.desk.caseworker):
        restart()
        case = two.desk.case(person)
        if state == "WITHDRAWN":
            held = [c for c in people.answers_of(case.id) if c.purpose == purpose and c.state == "GIVEN"]
            people_service.withdraw_consent(case, held[-1], on=ON)
        else:
            new = people_service.NewConsent(purpose, state=state, form="SIGNED", alone=True, **more)
            people_service.record_consent(case, people.person_of(case), new, on=ON)
        session.commit()


@pytest.mark.parametrize("state", ["WITHDRAWN", "REFUSED"])
def test_an_offer_ends_with_the_consent_it_rests_on(two, state):
    made = offered(two, two.desk.woman)
    answer(two, two.desk.woman, "CASE_TRANSFER", state)
    with access.acting_as(two.desk.caseworker):
        restart()
        row = session.get_one(Handover, made)
        assert (row.state, row.withdraw_reason) == ("WITHDRAWN", "CONSENT_WITHDRAWN")
    with pytest.raises(rules.HandoverAnswered):
        accepted(two, made)
    with pytest.raises(rules.TransferConsentMissing):
        offered(two, two.desk.woman)
    answer(two, two.desk.woman, "CASE_TRANSFER", "GIVEN")
    offered(two, two.desk.woman)


def test_a_no_to_somebody_else_or_to_something_else_ends_no_offer(two):
    with two.desk.db.as_owner():
        elsewhere = make_team()
    made = offered(two, two.desk.woman)
    answer(two, two.desk.woman, "CASE_TRANSFER", "REFUSED", recipient_team_id=elsewhere.id)
    answer(two, two.desk.woman, "REFER_SHELTER", "REFUSED")
    answer(two, two.desk.mother, "CASE_TRANSFER", "WITHDRAWN")
    accepted(two, made)


def test_what_waits_for_a_second_person_ends_too_and_a_new_yes_carries_it(two):
    desk = two.desk
    with desk.db.as_owner():
        consent(desk.woman, "CROSS_BORDER", recipient_country="GTM")
        consent(desk.woman, "CROSS_BORDER", recipient_country="GTM", recipient_team_id=two.abroad.id)
    made = offered(two, desk.woman, to=two.abroad)
    answer(two, desk.woman, "CASE_TRANSFER", "WITHDRAWN")  # that is about teams of this country
    answer(two, desk.woman, "CROSS_BORDER", "GIVEN", recipient_country="GTM")
    with access.acting_as(desk.caseworker):
        restart()
        assert session.get_one(Handover, made).state == "PREPARED"
        newest = people.answers_of(desk.woman.case_id)[-1]
        assert session.scalars(sa.select(HandoverMember.consent_id)).one() == newest.id
    answer(two, desk.woman, "CROSS_BORDER", "REFUSED", recipient_country="GTM")
    with access.acting_as(desk.supervisor):
        restart()
        row = session.get_one(Handover, made)
        assert (row.state, row.withdraw_reason) == ("WITHDRAWN", "CONSENT_WITHDRAWN")
        assert work.open_approval(made) is None


@pytest.mark.parametrize("prepared", [False, True])
def test_an_offer_lapses_with_the_last_day_of_its_consent(two, prepared):
    desk = two.desk
    with desk.db.as_owner():
        consent(desk.woman, "CROSS_BORDER", recipient_country="GTM", expires_on=ON)
        session.execute(sa.text("UPDATE consent SET expires_on = :d"), {"d": ON})
    made = offered(two, desk.woman, to=two.abroad if prepared else two.other)
    tomorrow = NOW + timedelta(days=1)
    if prepared:
        with access.acting_as(desk.supervisor), clock.held_at(tomorrow):
            restart()
            with pytest.raises(rules.TransferConsentEnded), session.begin_nested():
                service.decide_approval(desk.case(desk.woman), work.open_approval(made), approve=True)
    else:
        with clock.held_at(tomorrow), pytest.raises(sa.exc.IntegrityError, match="consent behind"):
            accepted(two, made)  # the database says it, before the sweep has come by
        session.rollback()
    desk.db.as_role("work")
    with access.acting_as(access.system("clocks")), clock.held_at(tomorrow):
        restart()
        people_service.expire_consents()
        assert session.get_one(Handover, made).state == "LAPSED"
        session.commit()
    desk.db.as_role("app")


def test_what_rests_on_a_legal_basis_stands_without_a_consent(two):
    desk = two.desk
    answer(two, desk.woman, "CASE_TRANSFER", "REFUSED")
    made = offered(two, desk.woman, bases={desk.woman.case_id: ("VITAL_INTEREST", "Amenaza en el albergue")})
    with access.acting_as(desk.supervisor):
        restart()
        service.decide_approval(desk.case(desk.woman), work.open_approval(made), approve=True)
        session.commit()
    answer(two, desk.woman, "CASE_TRANSFER", "REFUSED")
    accepted(two, made)


def test_an_offer_that_nobody_answers_lapses(two):
    made = offered(two, two.desk.woman)
    for hours, state, count in ((-1, "OFFERED", 0), (1, "LAPSED", 1), (2, "LAPSED", 0)):
        with clock.held_at(NOW + timedelta(days=rules.ANSWER_DAYS, hours=hours)):
            two.desk.db.as_role("work")
            with access.acting_as(access.system("clocks")):
                restart()
                assert service.look_at_handovers()["lapsed"] == count
                assert session.get_one(Handover, made).state == state
            two.desk.db.as_role("app")


def test_a_file_with_an_offer_is_not_closed(two):
    offered(two, two.desk.woman)
    with access.acting_as(two.desk.caseworker):
        restart()
        with pytest.raises(rules.HandoverOpen):
            service.close(two.desk.case(two.desk.woman), reason="PERSON_ASKED")


# -- SHARE and TRANSFER -------------------------------------------------------------------------------
def test_a_shelters_yes_moves_no_responsibility(two):
    """SHARE: the file stays where it is, with all its work, and «responsibility accepted elsewhere» does not hold."""
    desk = two.desk
    with desk.db.as_owner():
        row = Referral(
            number="R0000TEST", case_id=desk.woman.case_id, country="MEX", from_team_id=desk.team.id,
            to_team_id=desk.shelter.id, kind="SHELTER", sector="SHELTER", mode="SHARE", priority="URGENT",
            state="ACCEPTED", items=["NAME"], made_at=NOW, sent_at=NOW, due_at=NOW, lapse_at=NOW, answered_at=NOW,
            answer_channel="SYSTEM",
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.execute(
            sa.text("INSERT INTO referral_member (id, referral_id, case_id, position, outcome) "
                    "VALUES (gen_random_uuid(), :r, :c, 1, 'ACCEPTED')"), {"r": row.id, "c": desk.woman.case_id},
        )  # fmt: skip
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        assert case.team_id == desk.team.id and told(case.id, "case.handed_over") == []
        session.execute(sa.text("UPDATE referral SET state = 'STARTED'"))
        session.execute(
            sa.text("UPDATE referral SET state = 'COMPLETED', result = 'DELIVERED_FULL', ended_at = now()")
        )
        session.expire_all()
        with pytest.raises(closing_rules.NotHandedOver):
            service.close(case, reason="REFERRED_ON")


# -- what stays behind --------------------------------------------------------------------------------
def sealed_things(desk):
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        people_service.record_need(case, desk.woman, "SV", "HIGH", "x", on=ON)
        people_service.record_need(case, desk.woman, "LP-ND", "MEDIUM", "x", on=ON)
        service.raise_alert(case, code="SELF_HARM")
        service.raise_alert(case, code="REFOULEMENT_RISK")
        service.add_note(case, words="Del equipo")
        session.commit()
    with access.acting_as(desk.supervisor):
        restart()
        service.add_note(desk.case(desk.woman), words="De supervisión", level="SUPERVISOR")
        session.commit()


def visible(who, person):
    with access.acting_as(who):
        restart()
        return {
            "needs": set(session.scalars(sa.select(Need.code).where(Need.case_id == person.case_id))),
            "alerts": set(
                session.scalars(sa.select(CaseAlert.code).where(CaseAlert.case_id == person.case_id))
            ),
            "notes": len(
                session.scalars(sa.select(CaseNote.id).where(CaseNote.case_id == person.case_id)).all()
            ),
            "events": {
                c for c, _r in (*told(person.case_id, "need.recorded"), *told(person.case_id, "alert.raised"))
            },
        }


def test_what_is_sealed_stays_behind_without_a_holder(two, client):
    desk = two.desk
    sealed_things(desk)
    accepted(two, offered(two, desk.woman))
    with desk.db.as_owner():
        chief = principal_of(make_user("SUPERVISOR", two.other), ("SUPERVISOR", two.other))
    for who in (two.receiver, chief):
        assert visible(who, desk.woman) == {
            "needs": {"LP-ND"}, "alerts": {"REFOULEMENT_RISK"}, "notes": 1, "events": {"LP-ND", "REFOULEMENT_RISK"},
        }  # fmt: skip
    # A file with something sealed left behind and one without are the same to those who hold it now.
    client.sign_in(two.receiver)
    number = desk.numbers[desk.woman.case_id]
    for path in ("", "/private", "/private/alerts", "/notes"):
        page = client.get(f"/cases/{number}{path}").get_data(as_text=True)
        assert "autolesión" not in page and "De supervisión" not in page, path


def test_what_is_sealed_goes_with_the_named_holder(two):
    desk = two.desk
    sealed_things(desk)
    with pytest.raises(rules.HolderNotThere):
        offered(two, desk.woman, holder=desk.caseworker.user_id)
    accepted(two, offered(two, desk.woman, holder=two.receiver.user_id))
    seen = visible(two.receiver, desk.woman)
    assert seen["needs"] == {"LP-ND", "SV"} and seen["alerts"] == {"REFOULEMENT_RISK", "SELF_HARM"}
    assert seen["notes"] == 1
    with access.acting_as(two.receiver):
        restart()
        assert session.get_one(Case, desk.woman.case_id).assigned_to_id == two.receiver.user_id


# -- arriving -----------------------------------------------------------------------------------------
def look(two, at):
    with clock.held_at(at):
        two.desk.db.as_role("work")
        with access.acting_as(access.system("clocks")):
            restart()
            done = service.look_at_handovers()["no_show"]
            session.commit()
    two.desk.db.as_role("app")
    return done


def test_who_does_not_arrive_is_an_alert_and_the_sending_team_is_told(two, client):
    desk = two.desk
    made = offered(two, desk.woman)
    accepted(two, made)
    morning = clock.at(ARRIVES + timedelta(days=1), 10, 0, "America/Mexico_City")
    assert look(two, morning - timedelta(minutes=1)) == 0
    assert look(two, morning) == 1
    assert look(two, morning + timedelta(hours=1)) == 0
    with clock.held_at(morning + timedelta(hours=1)):
        with access.acting_as(two.receiver):
            restart()
            assert told(desk.woman.case_id, "case.no_show") == [("CENTRE", None)]
            assert work.open_alert(desk.woman.case_id, "NO_SHOW_HANDOVER") is not None
        client.sign_in(two.receiver)
        page = client.get(f"/cases/{desk.numbers[desk.woman.case_id]}").get_data(as_text=True)
        assert "No llegó a la entrega" in page
        client.sign_in(desk.caseworker)
        page = client.get("/today").get_data(as_text=True)
        assert f"No llegó a {two.other.name}" in page and desk.woman.given_names in page
        # Late is still arrived: the alert ends, and the sending team reads no longer.
        with access.acting_as(two.receiver):
            restart()
            row = handing.one(made, two.receiver, lock=True)
            service.arrived(row, row.members[0])
            session.commit()
            assert work.open_alert(desk.woman.case_id, "NO_SHOW_HANDOVER") is None
            with pytest.raises(rules.NotExpected):
                service.arrived(row, row.members[0])
        with access.acting_as(desk.caseworker):
            restart()
            assert session.get(Case, desk.woman.case_id) is None
        assert f"No llegó a {two.other.name}" not in client.get("/today").get_data(as_text=True)


def test_who_arrives_in_time_is_never_missed(two):
    made = offered(two, two.desk.woman)
    accepted(two, made)
    with access.acting_as(two.receiver):
        restart()
        row = handing.one(made, two.receiver, lock=True)
        service.arrived(row, row.members[0])
        session.commit()
    assert look(two, NOW + timedelta(days=20)) == 0


# -- pages --------------------------------------------------------------------------------------------
def test_a_hand_over_goes_through_its_pages(two, client):
    desk = two.desk
    number = desk.numbers[desk.mother.case_id]
    client.sign_in(desk.caseworker)
    choose = client.get(f"/cases/{number}/handover").get_data(as_text=True)
    assert two.other.name in choose and desk.shelter.name not in choose
    data = {
        "to": two.other.code,
        "who": str(desk.mother.case_id),
        "arrives_on-day": "25",
        "arrives_on-month": "11",
        "arrives_on-year": "2025",
    }
    alone = client.post(f"/cases/{number}/handover", data=data)
    assert alone.status_code == 422 and "Ninguna niña ni niño se queda" in alone.get_data(as_text=True)
    data["who"] = [str(desk.mother.case_id), str(desk.child.case_id)]
    assert client.post(f"/cases/{number}/handover", data=data).status_code == 302
    with access.acting_as(desk.caseworker):
        restart()
        made = session.scalars(sa.select(Handover)).one().id
    assert "Ofrecido, en espera" in client.get(f"/cases/{number}/handover").get_data(as_text=True)
    assert client.post(f"/handovers/{made}/accept", data={"version": "2"}).status_code == 404
    client.sign_in(two.receiver)
    bad = client.post(f"/handovers/{made}/decline", data={"version": "2"})
    assert bad.status_code == 422 and "Elija el motivo" in bad.get_data(as_text=True)
    assert client.post(f"/handovers/{made}/accept", data={"version": "2"}).status_code == 302
    page = client.get(f"/handovers/{made}").get_data(as_text=True)
    assert desk.mother.given_names in page and "por llegar" in page
    assert client.get(f"/cases/{number}").status_code == 200


def test_a_file_goes_to_another_state_only_with_leave(client, two):
    desk = two.desk
    with desk.db.as_owner():
        far = make_team(make_site(admin1="MX09"))
        far_code, far_id = far.code, far.id
        make_user("CASEWORKER", far)
        session.add(MovementLimit(case_id=desk.woman.case_id, admin1="MX07", since=date(2025, 11, 1)))
    with access.acting_as(desk.caseworker):
        restart()
        case, to = desk.case(desk.woman), session.get_one(Team, far_id)
        with pytest.raises(rules.TransferLeaveMissing):
            service.offer_handover(case, service.Offer([case.id], to, ARRIVES))
        near = session.merge(two.other)
        assert service.offer_handover(case, service.Offer([case.id], near, ARRIVES)).state == "OFFERED"
        session.rollback()
    client.sign_in(desk.caseworker)
    page = client.get(f"/cases/{desk.numbers[desk.woman.case_id]}/handover?to={far_code}")
    assert "falta el permiso de la autoridad para cambiar de estado" in page.get_data(as_text=True)
