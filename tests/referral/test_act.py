"""One act for a family: what would make it possible, who else, what hangs together, nights, a second person, telephone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.accounts.models import Membership
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.outbox import OutboxRow, deliver
from caseapp.people.models import Case, CaseAccess
from caseapp.referral import errors, events, queries, service
from caseapp.referral.models import Referral, ReferralNotice, ReferralReview
from caseapp.referral.options import next_options
from caseapp.referral.queries import related
from caseapp.shelter.models import Place, Stay, Unit
from caseapp.shelter.standing import StayPolicy
from tests.conftest import NOW
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.referral import consent, offer
from tests.factories.shelter import make_shelter
from tests.referral.conftest import FIRST, restart
from tests.statements import count_statements


def text(answer):
    return answer.get_data(as_text=True)


def notices(team):
    asked = (
        sa.select(ReferralNotice.kind).where(ReferralNotice.team_id == team.id).order_by(ReferralNotice.id)
    )
    return session.scalars(asked).all()


def number_of(world, person):
    with world.db.as_owner():
        return session.get_one(Case, person.case_id).number


@pytest.fixture
def other_shelter(world):
    with world.db.as_owner():
        other = make_shelter(make_site(kind="SHELTER"))
        offer(other, "SHELTER")
        make_user("SHELTER_COORDINATOR", other)
    return other


@pytest.fixture
def parish(world):
    """A place without accounts."""
    with world.db.as_owner():
        team = make_team(make_site(kind="SHELTER"), "SHELTER")
        offer(team, "SHELTER")
    return team


def declined(world, reason="NO_STAFF", **said):
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        service.decline(world.open(world.coordinator, number), reason, **said)
        restart()
    return number


# -- a no ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("reason", "said", "error"),
    [
        ("NOT_ELIGIBLE", {}, errors.CodeMissing), ("NO_SUITABLE_UNIT", {"unlocks_code": "TWO_UNITS"}, errors.CodeMissing),
        ("NO_STAFF", {"unlocks_on": date(2025, 11, 1)}, errors.DayInvalid), ("NO_STAFF", {"unlocks_hour": 8}, errors.HourInvalid),
        ("OTHER", {}, errors.WordsMissing), ("CANNOT_OFFER", {"unlocks": "Otra sede."}, errors.SaysTooMuch),
        ("PREVIOUS_INCIDENT", {"unlocks_on": FIRST}, errors.SaysTooMuch), ("NO_PAPERS", {}, errors.ReasonNotKnown),
    ],
)  # fmt: skip
def test_a_no_says_what_its_reason_asks(world, reason, said, error):
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        with pytest.raises(error):
            service.decline(world.open(world.coordinator, number), reason, **said)
        assert world.open(world.coordinator, number).state == "SENT"


def test_the_database_keeps_a_protected_reason_silent_and_asks_for_the_rule(world):
    world.refer()
    with world.db.as_owner():
        for reason, values in (
            ("CANNOT_OFFER", "unlocks_on = '2025-12-01'"),
            ("NOT_ELIGIBLE", "unlocks_on = NULL"),
        ):
            with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
                session.execute(
                    sa.text(
                        f"UPDATE referral SET state = 'DECLINED', decline_reason = '{reason}', ended_at = now(), "
                        f"answered_at = now(), answer_channel = 'SYSTEM', {values}"
                    )
                )


def test_in_two_taps_the_receiver_says_what_is_missing_and_the_sender_reads_it(client, world):
    number = world.refer()
    client.sign_in(world.coordinator)
    first = text(client.get(f"/referrals/{number}/decline"))
    assert "reason=NO_SUITABLE_UNIT" in first and "reason=NO_CHILD_LICENCE" in first
    second = text(client.get(f"/referrals/{number}/decline?reason=NO_SUITABLE_UNIT"))
    assert "Qué falta y desde qué fecha lo habrá" in second and 'value="STEP_FREE"' in second
    bad = client.post(
        f"/referrals/{number}/decline", data={"reason": "NO_SUITABLE_UNIT", "unlocks_on": "2025-12-01"}
    )
    assert (
        bad.status_code == 422
        and "Elija una respuesta de la lista." in text(bad)
        and "2025-12-01" in text(bad)
    )
    data = {"reason": "NO_SUITABLE_UNIT", "unlocks_code": "STEP_FREE", "unlocks_on": "2025-12-01"}
    assert client.post(f"/referrals/{number}/decline", data=data).status_code == 302
    client.sign_in(world.caseworker)
    assert "Sin gradas · desde el 1 dic 2025" in text(client.get(f"/referrals/{number}"))


def test_a_usual_day_is_one_tap(client, world):
    number = world.refer()
    client.sign_in(world.coordinator)
    assert 'name="quick" value="2025-11-24"' in text(
        client.get(f"/referrals/{number}/decline?reason=NO_PLACE_TONIGHT")
    )
    client.post(
        f"/referrals/{number}/decline",
        data={"reason": "NO_PLACE_TONIGHT", "quick": "2025-11-24", "unlocks_on": ""},
    )
    with access.acting_as(world.coordinator):
        restart()
        assert world.open(world.coordinator, number).unlocks_on == date(2025, 11, 24)


# -- who else -----------------------------------------------------------------------------------------
def test_after_a_no_the_page_lists_who_else_with_everything_filled_in(client, world, other_shelter, parish):
    number = declined(world)
    client.sign_in(world.caseworker)
    page = text(client.get(f"/referrals/{number}"))
    assert "Quién más puede recibir" in page and "todos en un cuarto, sin otras personas" in page
    assert f"/cases/{number_of(world, world.mother)}/who?" in page and page.count("members=") >= 3
    assert (
        "sin cuenta: por teléfono o con página de un solo uso" in page and str(world.shelter.id) not in page
    )
    url = f"/cases/{number_of(world, world.mother)}/refer?kind=SHELTER&again={number}&to={other_shelter.id}"
    assert url.replace("&", "&amp;") in page
    form = text(client.get(url))
    assert f'value="{other_shelter.id}"' in form and f'name="again" value="{number}"' in form
    assert form.count("checked") >= 3 + 1 + 1  # the people, the team, the priority, and the items


def test_who_has_just_said_no_is_not_proposed_again_but_later(world, other_shelter):
    first = declined(world)
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, first)
        assert [o.key for o in next_options(found)] == [other_shelter.id]
        second = service.refer(
            world.family, from_team=session.merge(world.desk), to_team=session.merge(other_shelter), kind="SHELTER",
            priority="IMMEDIATE", **world.nights(),
        )  # fmt: skip
        assert second.state == "SENT"
        restart()
    world.db.as_role("work")
    with access.acting_as(access.system("clocks")), clock.held_at(NOW + timedelta(minutes=61)):
        restart()
        service.look_at_clocks()
        restart()
    world.db.as_role("app")
    with access.acting_as(world.caseworker), clock.held_at(NOW + timedelta(minutes=62)):
        restart()
        assert next_options(world.open(world.caseworker, first)) == []
    with access.acting_as(world.caseworker), clock.held_at(NOW + timedelta(days=3)):
        restart()
        assert [o.key for o in next_options(world.open(world.caseworker, first))] == [other_shelter.id]


@pytest.mark.parametrize("why", ["room", "longest", "sex"])
def test_next_options_follow_the_rules_of_who_can_take_them(client, world, other_shelter, why):
    """Free places do not make an option: not step-free, for fewer nights, or not for them."""
    number = declined(world)
    with world.db.as_owner():
        if why == "room":
            for unit in session.scalars(sa.select(Unit).where(Unit.team_id == other_shelter.id)):
                unit.traits = [t for t in unit.traits if t == "WOMEN_ONLY"]
            session.execute(sa.update(Place).values(traits=[]))
        elif why == "longest":
            session.add(StayPolicy(team_id=other_shelter.id, max_nights=2))
        else:
            for unit in session.scalars(sa.select(Unit).where(Unit.team_id == other_shelter.id)):
                unit.traits, unit.takes = [], "MEN"
    with access.acting_as(world.caseworker):
        restart()
        assert next_options(world.open(world.caseworker, number)) == []
    client.sign_in(world.caseworker)
    assert "Ninguna otra entidad del directorio lo ofrece" in text(client.get(f"/referrals/{number}"))


def test_next_options_ask_as_often_for_many_shelters_as_for_one(world, other_shelter, parish):
    number = declined(world)

    def asked():
        with access.acting_as(world.caseworker):
            restart()
            found = world.open(world.caseworker, number)
            with count_statements(world.db.connection) as statements:
                options = next_options(found)
            return len(options), len([s for s in statements if s.startswith("SELECT")])

    asked()
    first = asked()
    with world.db.as_owner():
        for _ in range(4):
            other = make_shelter(make_site(kind="SHELTER"))
            offer(other, "SHELTER")
            make_user("SHELTER_COORDINATOR", other)
            offer(make_team(make_site(kind="SHELTER"), "SHELTER"), "SHELTER")
    second = asked()
    assert (first[0], second[0]) == (2, 6) and first[1] == second[1]


def test_next_options_of_another_service_are_whom_it_is_for(world):
    """A service that the directory says is for others is no option."""
    with world.db.as_owner():
        other = make_team(make_site(), "HEALTH")
        entry = offer(other, "HEALTH")
        make_user("SERVICE_FOCAL_POINT", other)
        consent(world.mother, "REFER_HEALTH")
    number = world.refer(world.mother.case_id, kind="HEALTH")
    with access.acting_as(world.nurse):
        restart()
        service.decline(world.open(world.nurse, number), "NO_STAFF")
        restart()
    with access.acting_as(world.caseworker):
        restart()
        assert [o.key for o in next_options(world.open(world.caseworker, number))] == [other.id]
    with world.db.as_owner():
        session.merge(entry).referral_method = "NOT_ACCEPTED"
    with access.acting_as(world.caseworker):
        restart()
        assert next_options(world.open(world.caseworker, number)) == []


def test_a_receiver_reads_no_other_options(client, world, other_shelter):
    number = declined(world)
    client.sign_in(world.coordinator)
    assert "Quién más puede recibir" not in text(client.get(f"/referrals/{number}"))


# -- nobody there -------------------------------------------------------------------------------------
def test_the_sender_is_told_at_once_where_nobody_reads_the_inbox(client, world, parish):
    with access.acting_as(world.caseworker):
        restart()
        found = service.refer(
            world.family, from_team=session.merge(world.desk), to_team=session.merge(parish), kind="SHELTER",
            priority="IMMEDIATE", **world.nights(),
        )  # fmt: skip
        number = found.number
        assert notices(world.desk) == ["NOBODY_THERE"]
        restart()
    client.sign_in(world.caseworker)
    assert "entra a esta bandeja" in text(client.get(f"/referrals/{number}"))


def test_and_when_the_last_member_leaves_while_it_waits(world):
    world.refer(priority="URGENT")
    assert notices(world.desk) == []
    world.db.as_role("work")
    with access.acting_as(access.system("clocks")):
        restart()
        assert service.look_at_clocks()["unread"] == 0
    with world.db.as_owner():
        session.execute(
            sa.update(Membership).where(Membership.team_id == world.shelter.id, Membership.role != "GATE_NIGHT")
            .values(valid_to=NOW.date())
        )  # fmt: skip
    world.db.as_role("work")
    with access.acting_as(access.system("clocks")):
        restart()
        assert service.look_at_clocks()["unread"] == 1
        assert service.look_at_clocks()["unread"] == 0
        assert notices(world.desk) == ["NOBODY_THERE"]
    world.db.as_role("app")


# -- what hangs on it ---------------------------------------------------------------------------------
@pytest.fixture
def companions(world):
    """A shelter referral with places, a health referral because of it, and another because of that one."""
    with world.db.as_owner():
        for person in (world.mother, world.father):
            consent(person, "REFER_HEALTH")
    with access.acting_as(world.caseworker):
        restart()
        desk, shelter, health = (session.merge(t) for t in (world.desk, world.shelter, world.health))
        root = service.refer(
            world.family,
            from_team=desk,
            to_team=shelter,
            kind="SHELTER",
            priority="IMMEDIATE",
            **world.nights(),
        )
        first = service.refer(
            [world.mother.case_id],
            from_team=desk,
            to_team=health,
            kind="HEALTH",
            priority="URGENT",
            because_of=root,
        )
        second = service.refer(
            [world.father.case_id],
            from_team=desk,
            to_team=health,
            kind="HEALTH",
            priority="URGENT",
            because_of=first,
        )
        numbers = root.number, first.number, second.number
        restart()
    return numbers


def test_withdrawing_one_thing_takes_its_dependants_along(client, world, companions):
    root, first, second = companions
    client.sign_in(world.caseworker)
    page = text(client.get(f"/referrals/{root}/withdraw"))
    assert "Lo que depende de esta referencia" in page and first in page and second in page
    assert page.count("se retira también") == 2
    client.post(f"/referrals/{root}/withdraw", data={"reason": "BETTER_OPTION_FOUND"})
    with access.acting_as(world.caseworker):
        restart()
        rows = [world.open(world.caseworker, n) for n in companions]
        assert {(r.state, r.withdraw_reason) for r in rows} == {("WITHDRAWN", "BETTER_OPTION_FOUND")}
        assert session.scalars(sa.select(CaseAccess).where(CaseAccess.ended_at.is_(None))).all() == []


def test_what_has_begun_stays_and_a_consent_taken_back_ends_the_need(world, companions):
    root, first, second = companions
    with access.acting_as(world.nurse):
        restart()
        found = world.open(world.nurse, first)
        service.accept(found)
        service.start(found)
        restart()
    with access.acting_as(world.caseworker):
        restart()
        service.withdraw(world.open(world.caseworker, root), "CONSENT_WITHDRAWN")
        restart()
        rows = [world.open(world.caseworker, n) for n in (first, second)]
        assert [(r.state, r.withdraw_reason) for r in rows] == [
            ("STARTED", None),
            ("WITHDRAWN", "NEED_ENDED"),
        ]


def test_the_ground_of_a_referral_never_changes_and_is_the_same_teams(world, companions):
    root, first, _ = companions
    with world.db.as_owner():
        ids = dict(session.execute(sa.select(Referral.number, Referral.id)).all())
        for statement in (
            f"UPDATE referral SET because_of_id = NULL WHERE id = '{ids[first]}'",
            f"UPDATE referral SET because_of_id = id WHERE id = '{ids[root]}'",
        ):
            with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
                session.execute(sa.text(statement))
    with access.acting_as(world.nurse):
        restart()
        strange = queries.referral(world.nurse, first)
        with pytest.raises(errors.GroundNotOurs):
            service.draft(
                [world.mother.case_id], from_team=session.merge(world.health), to_team=session.merge(world.shelter), kind="SHELTER",
                priority="URGENT", because_of=strange, people=[_subject(world)], **world.nights(),
            )  # fmt: skip


def _subject(world):
    from types import SimpleNamespace

    case = SimpleNamespace(
        id=world.mother.case_id, team_id=world.health.id, status="OPEN", country="MEX", household_id=None
    )
    return SimpleNamespace(case=case, nationalities=frozenset(), household_id=None)


# -- nights -------------------------------------------------------------------------------------------
def test_nights_that_change_keep_what_was_asked_first_with_who_and_why(client, world):
    number = world.refer()
    client.sign_in(world.caseworker)
    data = {"first_night": "2025-11-24", "last_night": "2025-11-26", "reason": "ARRIVES_LATER"}
    assert client.post(f"/referrals/{number}/nights", data=data).status_code == 302
    page = text(client.get(f"/referrals/{number}"))
    assert "Antes: 3 noches, del 23 nov 2025" in page and "Llegan después" in page
    again = client.post(f"/referrals/{number}/nights", data=data)
    assert again.status_code == 422 and "Esas son las noches que ya tiene" in text(again)
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        assert (found.first_night, found.last_night) == (date(2025, 11, 24), date(2025, 11, 26))
        (row,) = related.nights_of(found)
        assert (row.first_before, row.reason, row.party, row.changed_by_id) == (
            FIRST, "ARRIVES_LATER", "SENDER", world.caseworker.user_id,
        )  # fmt: skip
        assert notices(world.shelter)[-1] == "NIGHTS_CHANGED"
        service.accept(found, world.beds(), first_night=date(2025, 11, 25), last_night=date(2025, 11, 26))
        assert [r.reason for r in related.nights_of(found)] == ["ARRIVES_LATER", "RECEIVER_OFFERED"]
        with pytest.raises(sa.exc.ProgrammingError), session.begin_nested():
            session.execute(sa.text("UPDATE referral_nights SET reason = 'ERROR'"))
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(errors.NotNow):
            service.change_nights(world.open(world.caseworker, number), FIRST, FIRST, "ARRIVES_EARLIER")


# -- a second person ----------------------------------------------------------------------------------
def test_a_second_person_of_the_same_team_looks_at_an_earlier_incident_and_nobody_else_knows(client, world):
    number = declined(world, "PREVIOUS_INCIDENT")
    with world.db.as_owner():
        second = principal_of(
            make_user("SHELTER_COORDINATOR", world.shelter), ("SHELTER_COORDINATOR", world.shelter)
        )
    for who, shown in ((world.coordinator, False), (second, True), (world.caseworker, False)):
        client.sign_in(who)
        assert ("Revisar el motivo" in text(client.get(f"/referrals/{number}"))) is shown
    with access.acting_as(world.coordinator):
        restart()
        row = related.review_of(queries.referral(world.coordinator, number), world.coordinator)
        with pytest.raises(errors.AnotherReviews):
            service.review(row, "UPHELD")
    with access.acting_as(world.caseworker):
        restart()
        assert session.scalars(sa.select(ReferralReview)).all() == []
    client.sign_in(second)
    assert client.post(f"/referrals/{number}/review", data={"outcome": "NOT_UPHELD"}).status_code == 302
    with access.acting_as(second):
        restart()
        assert session.scalars(sa.select(ReferralReview.outcome)).one() == "NOT_UPHELD"


@pytest.mark.parametrize(
    ("reason", "alert", "checked", "reviewed"),
    [
        ("NO_SHOW", "NO_SHOW_HANDOVER", True, False), ("DETAINED_ON_WAY", "CUSTODY", False, True),
        ("HOSPITALISED", None, False, False),
    ],
)  # fmt: skip
def test_who_did_not_come_is_looked_for(world, reason, alert, checked, reviewed):
    from caseapp.casefile.models import CaseAlert, CaseTask

    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        service.accept(world.open(world.coordinator, number), world.beds())
        service.not_complete(world.open(world.coordinator, number), reason)
        assert (session.scalar(sa.select(sa.func.count()).select_from(ReferralReview)) == 1) is reviewed
        restart()
    world.db.as_role("work")
    with access.acting_as(access.system("outbox")):
        restart()
        rows = session.scalars(sa.select(OutboxRow.id).where(OutboxRow.topic == events.ENDED_BADLY)).all()
        assert rows
        for row in rows:
            deliver(row)
        raised = session.scalars(sa.select(CaseAlert.code)).all()
        assert raised == ([alert] * 3 if alert else [])
        assert session.scalars(sa.select(CaseTask.kind)).all() == (["SAFETY_CHECK"] * 3 if checked else [])
        for handler in events.ended_badly:  # twice without harm
            handler(session.scalars(sa.select(Referral).options(*queries.WHOLE)).one())
        assert len(session.scalars(sa.select(CaseAlert.code)).all()) == len(raised)
    world.db.as_role("app")


def test_nobody_who_did_not_come_is_forgotten_when_the_shelter_notes_it(world):
    from caseapp.shelter import service as shelter

    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        service.accept(world.open(world.coordinator, number), world.beds())
        restart()
    with access.acting_as(world.gate), clock.held_at(NOW + timedelta(days=1)):
        restart()
        shelter.no_show(session.scalars(sa.select(Stay)).all())
        restart()
    with world.db.as_owner():
        asked = sa.select(OutboxRow.id).where(OutboxRow.topic == events.PERSON_MISSING)
        assert len(session.scalars(asked).all()) == 3


# -- by telephone -------------------------------------------------------------------------------------
def test_an_answer_by_telephone_is_read_back_and_a_no_asks_as_much_as_on_the_page(client, world):
    number = world.refer()
    client.sign_in(world.caseworker)
    page = text(client.get(f"/referrals/{number}/record"))
    assert "answer=accept" in page and "answer=decline" in page and "answer=start" not in page
    reasons = text(client.get(f"/referrals/{number}/record?answer=decline"))
    assert "reason=NO_STAFF" in reasons and "PREVIOUS_INCIDENT" not in reasons
    told = {
        "answer": "decline",
        "reason": "NO_STAFF",
        "channel": "PHONE_RECORDED_BY_SENDER",
        "answered_by_name": "Madre Inventada",
    }
    bad = client.post(f"/referrals/{number}/record", data=told)
    assert (
        bad.status_code == 422
        and "Lea la respuesta de vuelta" in text(bad)
        and "Madre Inventada" in text(bad)
    )
    more = {"read_back": "y", "unlocks_on": "2025-11-24", "unlocks_hour": "20"}
    assert client.post(f"/referrals/{number}/record", data=told | more).status_code == 302
    page = text(client.get(f"/referrals/{number}"))
    assert (
        "Por teléfono, anotada por quien envía (Madre Inventada)" in page
        and "desde el 24 nov 2025 a las 20:00" in page
    )


def test_arrival_and_result_are_written_down_too(client, world, parish):
    number = world.refer()
    client.sign_in(world.caseworker)
    told = {"channel": "PHONE_RECORDED_BY_SENDER"}
    yes = {"answer": "accept", "answered_by_name": "Madre Inventada", "read_back": "y", **told}
    assert client.post(f"/referrals/{number}/record", data=yes).status_code == 302
    assert client.post(f"/referrals/{number}/record", data={"answer": "start", **told}).status_code == 302
    result = {"answer": "complete", "reason": "DELIVERED_FULL", **told}
    assert client.post(f"/referrals/{number}/record", data=result).status_code == 302
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        assert (found.state, found.result, found.read_back) == ("COMPLETED", "DELIVERED_FULL", True)
    with world.db.as_owner(), pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(sa.text("UPDATE referral SET read_back = NULL"))
