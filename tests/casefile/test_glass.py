"""Exceptional access: by number, three hours, to read; closed in PostgreSQL too; nothing sealed; nothing betrayed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from caseapp.casefile.glass import queries, rules, service
from caseapp.casefile.glass.models import GlassAccess
from caseapp.core import access, clock, outbox, reference
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.core.outbox import OutboxRow
from caseapp.people import service as people
from caseapp.people.models import Case, Contact, Need, Person
from caseapp.people.service import NewContact
from tests.casefile.conftest import restart
from tests.casefile.oversight import make_access
from tests.conftest import NOW
from tests.factories import make_case, make_person, make_site, make_team, make_user, principal_of

NOTE = "Está inconsciente en la puerta."


@dataclass
class Beside:
    """A colleague of another team of the same country, and the file they open."""

    desk: Any
    team: Any
    user: Any
    who: access.Principal
    number: str

    def open(self, **values: Any) -> GlassAccess:
        with self.desk.db.as_owner():
            case = self.desk.case(self.desk.woman)
        return make_access(self.desk.db, case, self.user, self.team, **values)

    def ask(self, client: Any, number: str | None = None, who: access.Principal | None = None) -> Any:
        client.sign_in(who or self.who)
        data = {"number": number or self.number, "reason": "LIFE_AT_RISK", "note": NOTE}
        return client.post("/glass", data=data)


@pytest.fixture
def beside(desk: Any) -> Beside:
    with desk.db.as_owner():
        team = make_team(make_site(), "RECEPTION_DESK")
        user = make_user("CASEWORKER", team)
    return Beside(
        desk, team, user, principal_of(user, ("CASEWORKER", team)), desk.numbers[desk.woman.case_id]
    )


def plain(page: str) -> str:
    """A page without what differs at every showing."""
    return re.sub(r'nonce="[^"]*"|content="[^"]*"|name="csrf_token" value="[^"]*"', "", page)


def somebody(desk: Any, role: str, type: str, country: str = "MEX") -> access.Principal:
    with desk.db.as_owner():
        site = make_site(country=country, code=f"{country[:2]}-{abs(hash((role, type))) % 900 + 100}")
        team = make_team(site, type)
        return principal_of(make_user(role, team), (role, team))


# -- rules --------------------------------------------------------------------------------------------
def test_the_lists_are_those_of_the_rules():
    assert tuple(c.code for c in reference.codes("glass_reason")) == rules.REASONS
    assert tuple(c.code for c in reference.codes("glass_outcome")) == rules.OUTCOMES


@pytest.mark.parametrize(
    ("note", "tries", "refusal"),
    [(NOTE, 0, None), (NOTE, 4, None), (NOTE, 5, rules.TooManyTries), ("  x  ", 0, rules.NoteTooShort)],
)
def test_before_the_number_is_looked_at(note, tries, refusal):
    if refusal is None:
        rules.may_try(note, tries)
    else:
        with pytest.raises(refusal):
            rules.may_try(note, tries)


@pytest.mark.parametrize(
    ("hours", "ended", "expected"),
    [(-0.1, None, False), (0, None, True), (2.99, None, True), (3, None, False), (1, 0.5, False)],
)
def test_an_access_lasts_three_hours_or_until_it_is_closed(hours, ended, expected):
    end = None if ended is None else NOW + timedelta(hours=ended)
    assert rules.is_open(NOW, NOW + rules.LASTS, end, NOW + timedelta(hours=hours)) is expected


@pytest.mark.parametrize(
    ("reviewed", "own", "refusal"),
    [(False, False, None), (True, False, rules.AlreadyReviewed), (False, True, rules.OwnAccess)],
)
def test_a_review_is_made_once_and_by_somebody_else(reviewed, own, refusal):
    if refusal is None:
        rules.may_review(reviewed, own)
    else:
        with pytest.raises(refusal):
            rules.may_review(reviewed, own)


# -- who may ------------------------------------------------------------------------------------------
def test_a_colleague_reads_the_file_and_everybody_who_must_know_learns_of_it(beside, client):
    answer = beside.ask(client)
    assert answer.status_code == 302 and answer.headers["Location"] == f"/glass/{beside.number}"
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert beside.desk.woman.given_names in page and "Solo lectura" in page
    with beside.desk.db.as_owner():
        rows = session.scalars(sa.select(AuditRow).order_by(AuditRow.id)).all()
        assert [(r.act, r.detail) for r in rows] == [("glass_broken", "LIFE_AT_RISK"), ("viewed", "GLASS")]
        [event] = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "glass.broken")).all()
        assert (event.reason, event.case_id, event.team_id) == (
            "LIFE_AT_RISK", beside.desk.woman.case_id, beside.team.id,
        )  # fmt: skip
        [message] = session.scalars(sa.select(OutboxRow).where(OutboxRow.topic == "glass.tell")).all()
        beside.desk.db.as_role("work")
        assert outbox.deliver(message.id)
        assert session.scalars(sa.select(GlassAccess.told_at)).one() is not None


def test_the_supervisor_of_the_file_sees_it_on_the_day_and_in_the_file(beside, client):
    beside.ask(client)
    client.sign_in(beside.desk.supervisor)
    day = client.get("/today").get_data(as_text=True)
    assert "Ver quién y por qué" in day and beside.team.name in day
    url = f"/cases/{beside.number}/glass"
    assert NOTE in client.get(url).get_data(as_text=True)
    assert client.post(url).status_code == 302
    assert "Ver quién y por qué" not in client.get("/today").get_data(as_text=True)
    told = client.get(f"/cases/{beside.number}").get_data(as_text=True)
    assert "Acceso excepcional al expediente" in told and "La vida de alguien corre peligro ahora" in told


@pytest.mark.parametrize(
    ("role", "type", "country"),
    [
        ("CASEWORKER", "MIGRATION_CUSTODY", "MEX"),
        ("SUPERVISOR", "CONSULAR", "MEX"),
        ("CASEWORKER", "RECEPTION_DESK", "GTM"),
        ("CASEWORKER", "RECEPTION_DESK", "HND"),
    ],
)
def test_custody_consulates_and_other_countries_open_nothing(beside, client, role, type, country):
    refused = beside.ask(client, who=somebody(beside.desk, role, type, country))
    assert refused.status_code == 422 and "No se abrió ningún expediente" in refused.get_data(as_text=True)


def test_nobody_who_also_works_in_the_country_of_nationality_opens_it(beside, client):
    with beside.desk.db.as_owner():
        site = make_site(country="HND", code="HN-ZZZ")
        home = make_team(site)
    both = replace(
        beside.who, grants=(*beside.who.grants, *principal_of(beside.user, ("CASEWORKER", home)).grants)
    )
    assert beside.ask(client, who=both).status_code == 422


def test_a_custody_role_is_never_held_beside_one_that_opens_files(beside):
    """So nobody of a station can break a glass: PostgreSQL keeps the two apart (migration 0029)."""
    with pytest.raises(sa.exc.IntegrityError, match="ex_membership_liaison_alone"), session.begin_nested():
        session.execute(sa.text("SET LOCAL ROLE acogida_migrator"))
        custody = make_team(make_site(), "MIGRATION_CUSTODY")
        user = make_user("CUSTODY_LIAISON", custody)
        session.execute(
            sa.text("UPDATE membership SET user_id = :u WHERE user_id = :v"),
            {"u": beside.user.id, "v": user.id},
        )


@pytest.mark.parametrize("type", ["SAFE_HOUSE", "GBV_SPECIALIST", "PTA_CELL"])
def test_the_files_of_sealed_teams_are_never_opened(beside, client, type):
    with beside.desk.db.as_owner():
        sealed = make_person(make_team(make_site(), type))
        number = session.get_one(Case, sealed.case_id).number
    assert beside.ask(client, number).status_code == 422


def test_a_number_that_is_refused_answers_like_one_that_does_not_exist(beside, client):
    with beside.desk.db.as_owner():
        abroad = make_team(make_site(country="GTM", code="GT-ZZZ"))
        number = make_case(abroad).number
    pages = []
    for asked in (number, "T99999999"):
        page = beside.ask(client, asked).get_data(as_text=True)
        pages.append(plain(page).replace(asked, "N"))
    assert pages[0] == pages[1]
    with beside.desk.db.as_owner():
        rows = session.execute(sa.select(AuditRow.act, AuditRow.subject_id, AuditRow.detail)).all()
    assert rows == [("glass_refused", None, None)] * 2


def test_after_five_tries_in_an_hour_not_even_a_right_number_is_looked_at(beside, client):
    for _ in range(rules.MOST_TRIES):
        beside.ask(client, "T99999999")
    answer = beside.ask(client)
    assert answer.status_code == 422 and "demasiados intentos" in answer.get_data(as_text=True)
    with clock.held_at(NOW + timedelta(minutes=61)):
        assert beside.ask(client).status_code == 302


def test_postgresql_itself_opens_five_files_a_day_at_most(beside, client):
    with beside.desk.db.as_owner():
        cases = [make_case(beside.desk.team) for _ in range(rules.MOST_OPENED)]
    for case in cases:
        make_access(beside.desk.db, case, beside.user, beside.team)
    answer = beside.ask(client)
    assert answer.status_code == 422 and "demasiados intentos" in answer.get_data(as_text=True)


def test_ones_own_file_opens_the_ordinary_way(beside, client):
    answer = beside.ask(client, who=beside.desk.caseworker)
    assert answer.headers["Location"] == f"/cases/{beside.number}"


# -- what, and for how long ---------------------------------------------------------------------------
def test_after_three_hours_there_is_nothing_on_the_page_nor_in_the_database(beside, client):
    moment = clock.real_now()
    access_id = beside.open(
        since=moment - timedelta(hours=3, seconds=1), ends_at=moment - timedelta(seconds=1),
    ).id  # fmt: skip
    client.sign_in(beside.who)
    assert client.get(f"/glass/{beside.number}").status_code == 404
    with access.acting_as(beside.who):
        restart()
        found = session.get_one(GlassAccess, access_id)
        with queries.opened(found.case_id):
            assert session.scalars(sa.select(Case.id)).all() == []
            assert session.scalars(sa.select(Person.id)).all() == []


def test_while_it_runs_only_the_named_transaction_reads_and_only_that_file(beside, client):
    beside.ask(client)
    with access.acting_as(beside.who):
        restart()
        assert session.scalars(sa.select(Case.id)).all() == []
        with queries.opened(beside.desk.woman.case_id):
            assert session.scalars(sa.select(Case.id)).all() == [beside.desk.woman.case_id]
        with queries.opened(beside.desk.mother.case_id):
            assert session.scalars(sa.select(Case.id)).all() == []
        assert session.scalars(sa.select(Case.id)).all() == []


def test_somebody_elses_access_opens_nothing(beside, client):
    beside.ask(client)
    with beside.desk.db.as_owner():
        other = principal_of(make_user("CASEWORKER", beside.team), ("CASEWORKER", beside.team))
    client.sign_in(other)
    assert client.get(f"/glass/{beside.number}").status_code == 404


def test_closed_before_time_it_is_closed(beside, client):
    beside.ask(client)
    assert client.post(f"/glass/{beside.number}/close").status_code == 302
    assert client.get(f"/glass/{beside.number}").status_code == 404


@pytest.mark.parametrize(
    "path", ["", "/private", "/close", "/claim", "/needs", "/screening", "/consents", "/contact", "/person", "/glass"]
)  # fmt: skip
def test_no_page_of_the_file_and_no_verb_works(beside, client, path):
    beside.ask(client)
    url = f"/cases/{beside.number}{path}"
    assert client.get(url).status_code == 404
    assert client.post(url, data={}).status_code in (403, 404, 405)


def test_postgresql_lets_nothing_be_written_through_the_glass(beside, client):
    beside.ask(client)
    case_id = beside.desk.woman.case_id
    with access.acting_as(beside.who):
        restart()
        with queries.opened(case_id):
            for table in (Case, Person, Contact, Need):
                where = table.id == case_id if table is Case else table.case_id == case_id
                column = {Case: "version", Person: "version", Need: "version", Contact: "hours"}[table]
                value = "x" if table is Contact else 9
                done = session.execute(
                    sa.update(table).where(where).values({column: value})
                    .execution_options(synchronize_session=False)
                )  # fmt: skip
                assert done.rowcount == 0, table
        for column in ("ends_at", "since", "user_id", "case_id"):
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
                session.execute(sa.text(f"UPDATE glass_access SET {column} = {column}"))
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(sa.text("DELETE FROM glass_access"))


def test_a_file_with_a_sealed_matter_and_one_without_are_the_same_bytes(beside, client):
    beside.ask(client)
    with access.acting_as(beside.desk.caseworker):
        restart()
        case = beside.desk.case(beside.desk.woman)
        people.record_need(case, beside.desk.woman, "LP-ND", "MEDIUM", "x", on=case.opened_on)
        people.set_contact(case, NewContact(rule="SAFE_TO_TEXT", number="9611234567"), on=case.opened_on)
        session.commit()

    def page() -> str:
        client.sign_in(beside.who)
        return plain(client.get(f"/glass/{beside.number}").get_data(as_text=True))

    ordinary = page()
    assert "Sin documentos legales" in ordinary and "9611234567" in ordinary
    with access.acting_as(beside.desk.caseworker):
        restart()
        case = beside.desk.case(beside.desk.woman)
        people.record_need(case, beside.desk.woman, "SV", "EMERGENCY", "y", on=case.opened_on)
        people.record_need(case, beside.desk.woman, "SM-CI", "HIGH", "z", on=case.opened_on)
        session.commit()
    assert page() == ordinary
    with access.acting_as(beside.who):
        restart()
        with queries.opened(beside.desk.woman.case_id):
            assert session.scalars(sa.select(Need.code)).all() == ["LP-ND"]


# -- review -------------------------------------------------------------------------------------------
def test_an_auditor_of_the_country_reviews_it_and_sees_no_name(beside, client):
    beside.ask(client)
    auditor = somebody(beside.desk, "AUDITOR", "OVERSIGHT")
    client.sign_in(auditor)
    page = client.get("/audit/glass?waiting=1").get_data(as_text=True)
    assert beside.number in page and beside.user.name in page
    assert beside.desk.woman.given_names not in page and beside.desk.woman.surname_1 not in page
    with beside.desk.db.as_owner():
        [access_id] = session.scalars(sa.select(GlassAccess.id)).all()
    url = f"/audit/glass/{access_id}"
    assert NOTE in client.get(url).get_data(as_text=True)
    assert client.post(url, data={"version": "1"}).status_code == 422
    stale = client.post(url, data={"outcome": "JUSTIFIED", "version": "99"})
    assert stale.status_code == 409
    found = re.search(r'name="version"[^>]*value="(\d+)"', client.get(url).get_data(as_text=True))
    assert client.post(url, data={"outcome": "NOT_JUSTIFIED", "version": found.group(1)}).status_code == 302
    session.expire_all()
    with access.acting_as(auditor):
        restart()
        assert session.scalars(sa.select(GlassAccess.outcome)).one() == "NOT_JUSTIFIED"
    assert beside.number not in client.get("/audit/glass?waiting=1").get_data(as_text=True)


def test_an_auditor_of_another_country_sees_none_of_it(beside, client):
    beside.ask(client)
    with beside.desk.db.as_owner():
        [access_id] = session.scalars(sa.select(GlassAccess.id)).all()
    client.sign_in(somebody(beside.desk, "AUDITOR", "OVERSIGHT", "GTM"))
    assert beside.number not in client.get("/audit/glass").get_data(as_text=True)
    assert client.get(f"/audit/glass/{access_id}").status_code == 404


def test_nobody_reviews_their_own_even_past_the_rule(beside):
    row = beside.open()
    with (
        beside.desk.db.as_owner(),
        pytest.raises(sa.exc.IntegrityError, match="second_person"),
        session.begin_nested(),
    ):
        session.execute(
            sa.text("UPDATE glass_access SET reviewed_at = now(), reviewed_by_id = user_id, outcome = 'JUSTIFIED' WHERE id = :i"),
            {"i": row.id},
        )  # fmt: skip


def test_nobody_makes_a_longer_access(beside):
    with pytest.raises(sa.exc.IntegrityError, match="three_hours"), session.begin_nested():
        beside.open(ends_at=clock.real_now() + timedelta(hours=4))


def test_without_a_user_nothing_is_asked():
    with access.acting_as(access.system("test")), pytest.raises(access.NotPermitted):
        service.break_glass("T1", reason="LIFE_AT_RISK", note=NOTE)
