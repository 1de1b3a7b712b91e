"""The desk where things are handed out, by whom it is read, what is sealed, and counting by number."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from caseapp.accounts import rules as account_rules
from caseapp.accounts.models import Membership
from caseapp.accounts.service import users as _users  # noqa: F401  (it says what the constraint means)
from caseapp.assistance import queries, rules, service
from caseapp.assistance.models import Delivery, ItemTally
from caseapp.casefile.queries import timeline
from caseapp.core import access, reference
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.core.errors import refusal_of
from caseapp.core.journal import CaseEvent
from caseapp.people.models import Case, CaseAccess, Need, Person, PersonLanguage
from caseapp.places.models import Organisation
from tests.assistance.routes import make_delivery, make_tally
from tests.conftest import NOW
from tests.factories import make_household, make_person, make_site, make_team, make_user, principal_of
from tests.factories.shelter import open_to
from tests.procedure.routes import dated
from tests.statements import count_statements

DAY = date(2025, 11, 3)
TODAY = date(2025, 11, 23)
FOOD = {"sector": "FOOD", "item": "FOOD", "provider_class": "UN"}


class Ground:
    """A family of a desk, whom a shelter and a provider may read, and a desk that knows nothing of them."""

    def __init__(self, db):
        with db.as_owner():
            state = Organisation(
                country="MEX", code="E", name="Estado", sort_key="estado", provider_class="STATE"
            )
            session.add(state)
            session.flush()
            self.desk_team = make_team(make_site())
            self.shelter = make_team(make_site(kind="SHELTER"), "SHELTER")
            self.provider = make_team(make_site(organisation_id=state.id), "HEALTH")
            self.cash = make_team(make_site(), "CASH_PROVIDER")
            self.mother, self.child = make_person(self.desk_team), make_person(self.desk_team)
            make_household(self.desk_team, self.mother, self.child)
            for person in (self.mother, self.child):
                open_to(person, self.shelter, "STAY")
                open_to(person, self.provider)
            self.number = session.get_one(Case, self.mother.case_id).number
            self.child_number = session.get_one(Case, self.child.case_id).number
            self.name = self.mother.full_name
            self.worker = self._who("CASEWORKER", self.desk_team)
            self.supervisor = self._who("SUPERVISOR", self.desk_team)
            self.coordinator = self._who("SHELTER_COORDINATOR", self.shelter)
            self.focal = self._who("SERVICE_FOCAL_POINT", self.provider)
            self.volunteer = self._who("SHELTER_VOLUNTEER", self.shelter)
            self.ids = (self.mother.case_id, self.child.case_id)
        session.expunge_all()

    def _who(self, role, team):
        return principal_of(make_user(role, team), (role, team))

    def need(self, db, code="CR-CS"):
        """A sealed need of the mother, unless another is asked for."""
        with db.as_owner():
            row = Need(
                case_id=self.ids[0], person_id=self.mother.id, code=code, category=code[:2], priority="HIGH", recorded_on=DAY
            )  # fmt: skip
            session.add(row)
            session.flush()
            return row.id


@pytest.fixture
def ground(db):
    return Ground(db)


def cases_of(ground):
    return [session.get_one(Case, i) for i in ground.ids]


def told(case_id, db):
    with db.as_owner():
        asked = sa.select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.position)
        return list(session.scalars(asked))


# -- rules --------------------------------------------------------------------------------------------
def test_every_item_is_of_a_service_of_the_log():
    assert set(rules.SECTOR_OF) == set(rules.ITEMS)
    assert set(rules.SECTOR_OF.values()) <= set(rules.SECTORS)


@pytest.mark.parametrize("item", [None, *rules.ITEMS])
def test_language_and_education_are_of_a_session(item):
    for sector in rules.SECTORS:
        _talks(sector, item)


def _talks(sector, item):
    rules.check_talk(sector, item, 1, None, None)
    if item is None:
        rules.check_talk(sector, item, 1, "spa", None)
    else:
        with pytest.raises(rules.LanguageOfTalk):
            rules.check_talk(sector, item, 1, "spa", None)
    for step in rules.EDUCATION:
        if sector == "EDUCATION" and item is None:
            rules.check_talk(sector, item, 1, None, step)
        else:
            with pytest.raises(rules.EducationElsewhere):
                rules.check_talk(sector, item, 1, None, step)


@pytest.mark.parametrize(("quantity", "good"), [(0, False), (1, True), (999, True), (1000, False)])
def test_pieces_are_counted_from_one(quantity, good):
    if good:
        rules.check_talk("FOOD", "FOOD", quantity, None, None)
    else:
        with pytest.raises(rules.QuantityWrong):
            rules.check_talk("FOOD", "FOOD", quantity, None, None)


@pytest.mark.parametrize("item", [*rules.COUNTED, "MEDICINE", "CASH", ""])
def test_a_count_is_of_what_a_volunteer_gives(item):
    for number in (None, 0, 1, rules.MOST_COUNTED, rules.MOST_COUNTED + 1):
        _counts(item, number)


def _counts(item, number):
    if item not in rules.COUNTED:
        with pytest.raises(rules.ItemNotCounted):
            rules.check_count(item, number)
    elif number in (1, rules.MOST_COUNTED):
        rules.check_count(item, number)
    else:
        with pytest.raises(rules.CountWrong):
            rules.check_count(item, number)


@pytest.mark.parametrize("role", access.ROLES)
def test_whoever_asks_or_approves_is_of_a_team_without_files(role):
    for team_type in sorted(c.code for c in reference.codes("team_type")):
        _held_in(role, team_type)


def _held_in(role, team_type):
    if role in ("ASSISTANCE_OFFICER", "PAYMENTS_APPROVER") and team_type != "CASH_PROVIDER":
        with pytest.raises(account_rules.RoleNotOfTeam):
            account_rules.may_be_held_in(role, team_type)
    else:
        account_rules.may_be_held_in(role, team_type)


@pytest.mark.parametrize("role", ["ASSISTANCE_OFFICER", "PAYMENTS_APPROVER"])
def test_the_database_keeps_these_roles_in_their_team(db, ground, role):
    with db.as_owner():
        user = make_user()
        with pytest.raises(DBAPIError) as caught, session.begin_nested():
            session.add(Membership(user_id=user.id, team_id=ground.desk_team.id, role=role, valid_from=DAY))
            session.flush()
        assert isinstance(refusal_of(caught.value), account_rules.RoleNotOfTeam)
        session.add(Membership(user_id=user.id, team_id=ground.cash.id, role=role, valid_from=DAY))
        session.flush()


# -- what is told -------------------------------------------------------------------------------------
def test_a_talk_tells_of_rights_in_their_language(db, ground):
    with db.as_owner():
        for place, language in enumerate(("hat", "spa"), start=1):
            session.add(
                PersonLanguage(
                    case_id=ground.ids[0], person_id=ground.mother.id, language=language, position=place
                )
            )
        session.flush()
    with access.acting_as(ground.worker):
        session.commit()
        for language in ("hat", "spa"):
            service.deliver(
                [cases_of(ground)[0]], sector="LEGAL", provider_class="NGO", on=DAY, language=language
            )
    said = [(e.code, e.outcome) for e in told(ground.ids[0], db) if e.kind == "information.given"]
    assert said == [("hat", "PREFERRED"), ("spa", "OTHER")]


@pytest.mark.parametrize(
    ("step", "kind", "code"),
    [
        ("ENROLMENT_ASKED", "education.asked", "ENROLMENT"), ("VALIDATION_ASKED", "education.asked", "VALIDATION"),
        ("ENROLLED", "education.enrolled", "SCHOOL"), ("RECOGNISED", "education.recognised", "VALIDATION"),
    ],
)  # fmt: skip
def test_each_step_of_education_has_its_event(db, ground, step, kind, code):
    with access.acting_as(ground.worker):
        session.commit()
        case = cases_of(ground)[1]
        (row,) = service.deliver([case], sector="EDUCATION", provider_class="STATE", on=DAY, education=step)
        assert [(e.kind, e.code) for e in told(case.id, db)] == [
            ("service.delivered", "EDUCATION"),
            (kind, code),
        ]
        service.withdraw(case, row, reason="WRONG_ENTRY")
        assert [e.kind for e in told(case.id, db)][2:] == ["event.withdrawn"] * 2
        service.deliver(
            [case],
            sector="EDUCATION",
            provider_class="STATE",
            on=DAY,
            education=step,
            result="PERSON_STOPPED",
        )
        assert [e.kind for e in told(case.id, db)][4:] == ["service.delivered"]


def test_the_class_of_a_provider_is_its_organisations(db, ground):
    with access.acting_as(ground.worker):
        session.commit()
        case = cases_of(ground)[0]
        (row,) = service.deliver(
            [case], sector="HEALTH", on=DAY, provider_team_id=ground.provider.id, provider_class="NGO"
        )
        assert row.provider_class == "STATE"
        with pytest.raises(rules.ProviderMissing):
            service.deliver([case], sector="HEALTH", on=DAY)
    with (
        db.as_owner(),
        pytest.raises(IntegrityError, match="ck_organisation_provider_class_known"),
        session.begin_nested(),
    ):
        session.execute(sa.update(Organisation).values(provider_class="BANK"))


# -- the desk -----------------------------------------------------------------------------------------
def test_a_shelter_gives_one_thing_to_several_of_a_family(ground, client, db):
    client.sign_in(ground.coordinator)
    page = client.get(f"/deliveries?number={ground.number}")
    assert ground.number in page.text and ground.child_number in page.text and ground.name in page.text
    data = {
        "number": ground.number,
        "who": [ground.number, ground.child_number],
        "what": "ITEM:FOOD",
        "quantity": "2",
    }
    assert client.post("/deliveries", data=data).status_code == 302
    with db.as_owner():
        rows = list(session.scalars(sa.select(Delivery)))
        assert {(r.case_id, r.team_id, r.quantity, r.sector, r.delivered_on) for r in rows} == {
            (i, ground.shelter.id, 2, "FOOD", TODAY) for i in ground.ids
        }
        row_id = rows[0].id
    (event,) = told(ground.ids[1], db)
    assert (event.kind, event.team_id, event.code) == ("service.delivered", ground.shelter.id, "FOOD")
    again = client.post("/deliveries", data=data)
    assert again.status_code == 422 and "again_reason-error" in again.text
    taken = client.post(f"/deliveries/{row_id}/withdraw", data={f"row-{row_id.hex}-reason": "WRONG_PERSON"})
    assert taken.status_code == 302 and "Anulada" in client.get("/deliveries").text


def test_what_another_team_gave_is_questioned_and_not_shown(ground, client):
    with access.acting_as(ground.coordinator):
        session.commit()
        service.deliver(cases_of(ground), on=TODAY, team_id=ground.shelter.id, **FOOD)
        session.commit()
    session.expunge_all()
    client.sign_in(ground.focal)
    page = client.get(f"/deliveries?number={ground.number}")
    assert "Nada anotado este día" in page.text
    asked = client.post(
        "/deliveries", data={"number": ground.number, "who": ground.number, "what": "ITEM:FOOD"}
    )
    assert asked.status_code == 422 and "again_reason-error" in asked.text
    client.sign_in(ground.worker)
    assert "Servicio completo" in client.get(f"/cases/{ground.number}/deliveries").text


def test_a_desk_that_may_not_open_the_file_finds_and_writes_nothing(ground, client, db):
    with db.as_owner():
        elsewhere = make_team(make_site(kind="SHELTER"), "SHELTER")
        who = principal_of(make_user("SHELTER_COORDINATOR", elsewhere), ("SHELTER_COORDINATOR", elsewhere))
    client.sign_in(who)
    page = client.get(f"/deliveries?number={ground.number}")
    assert page.status_code == 200 and ground.name not in page.text and "No hay una persona" in page.text
    data = {"number": ground.number, "who": ground.number, "what": "ITEM:FOOD"}
    assert client.post("/deliveries", data=data).status_code == 404
    with access.acting_as(who):
        session.commit()
        with pytest.raises(DBAPIError, match="row-level security"), session.begin_nested():
            session.add(Delivery(case_id=ground.ids[0], team_id=elsewhere.id, delivered_on=TODAY, **FOOD))
            session.flush()


def test_when_the_reading_ends_the_entries_are_gone(ground, client, db):
    with access.acting_as(ground.focal):
        session.commit()
        service.deliver(cases_of(ground)[:1], on=TODAY, team_id=ground.provider.id, **FOOD)
        session.commit()
        assert session.scalars(sa.select(Delivery)).all()
    with db.as_owner():
        session.execute(sa.delete(CaseAccess).where(CaseAccess.team_id == ground.provider.id))
    session.expunge_all()
    with access.acting_as(ground.focal):
        session.commit()
        assert session.scalars(sa.select(Delivery)).all() == []


def test_a_reading_without_the_name_shows_the_number(ground, client, db):
    with db.as_owner():
        session.execute(
            sa.update(CaseAccess).where(CaseAccess.team_id == ground.provider.id).values(items=["AGE", "SEX"])
        )
    make_delivery(db, ground.ids[0], ground.provider.id, delivered_on=TODAY)
    client.sign_in(ground.focal)
    page = client.get(f"/deliveries?number={ground.number}").text
    assert ground.number in page and ground.name not in page


def test_who_looked_is_written_down(ground, client, db):
    client.sign_in(ground.focal)
    client.get(f"/deliveries?number={ground.number}")
    client.get("/deliveries.csv?names=1")
    with db.as_owner():
        rows = session.execute(
            sa.select(AuditRow.act, AuditRow.subject, AuditRow.subject_id, AuditRow.detail)
            .where(AuditRow.user_id == ground.focal.user_id)
            .order_by(AuditRow.id)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("viewed", "delivery_desk", ground.provider.id, "2025-11-23"),
        ("viewed", "case", ground.ids[0], "DELIVERIES"),
        ("exported", "delivery_desk", ground.provider.id, "NUMBERS"),
    ]


def _exported(client, query=""):
    text = client.get(f"/deliveries.csv{query}").get_data(as_text=True)
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_names_are_exported_only_by_right_and_when_asked(ground, client, db):
    with db.as_owner():
        person = session.get_one(Person, ground.mother.id)
        person.given_names = "=HYPERLINK()"
    for team in (ground.desk_team, ground.provider):
        make_delivery(db, ground.ids[0], team.id, delivered_on=TODAY)
        make_delivery(db, ground.ids[0], team.id, delivered_on=TODAY - timedelta(days=6), item="HYGIENE")
    for who, asks, shown in (
        (ground.worker, "?names=1", False), (ground.focal, "?names=1", False), (ground.supervisor, "", False),
        (ground.supervisor, "?names=1", True),
    ):  # fmt: skip
        client.sign_in(who)
        head, *rows = _exported(client, asks)
        assert len(rows) == 1 and rows[0][1] == ground.number
        assert ("Nombre" in head) is shown
        assert (rows[0][2].startswith("'=HYPERLINK") if shown else "HYPERLINK" not in str(rows)) is True
    assert len(_exported(client, "?days=7")) == 3


def test_the_list_costs_the_same_whatever_the_rows(ground, client, db):
    client.sign_in(ground.worker)
    counted = []
    for more in (1, 20):
        for _n in range(more):
            with db.as_owner():
                case_id = make_person(ground.desk_team).case_id
            make_delivery(db, case_id, ground.desk_team.id, delivered_on=TODAY)
        session.expunge_all()
        with count_statements(db.connection) as statements:
            assert client.get("/deliveries").status_code == 200
        counted.append(len(statements))
    assert counted[0] == counted[1] <= 15
    for _n in range(10):
        make_delivery(db, ground.ids[0], ground.desk_team.id, item="BABY")
    for page in (f"/cases/{ground.number}/deliveries", f"/cases/{ground.number}/private/deliveries"):
        with count_statements(db.connection) as statements:
            assert client.get(page).status_code == 200
        assert len(statements) <= 20


# -- what is sealed -----------------------------------------------------------------------------------
def test_a_sealed_matter_stays_on_the_private_page(ground, client, db):
    need_id = ground.need(db)
    client.sign_in(ground.worker)
    before = {
        page: client.get(page).text.replace(ground.number, "")
        for page in (f"/cases/{ground.number}/deliveries", "/deliveries", f"/cases/{ground.number}/timeline")
    }
    data = dated(
        who=ground.number, sector="RELIEF_ITEMS", item="DIGNITY_KIT", provider_class="NGO", need=str(need_id), private="1",
        year="2025", month="11", day="23",
    )  # fmt: skip
    assert client.post(f"/cases/{ground.number}/deliveries", data={**data, "private": ""}).status_code == 422
    assert client.post(f"/cases/{ground.number}/deliveries", data={**data, "need": ""}).status_code == 422
    assert client.post(f"/cases/{ground.number}/deliveries", data=data).status_code == 302
    assert "Kit de dignidad" in client.get(f"/cases/{ground.number}/private/deliveries").text
    with access.acting_as(ground.worker):
        session.commit()
        row = session.scalars(sa.select(Delivery)).one()
        assert row.sealed and row.need_id == need_id
        assert [t.event.kind for t in timeline(ground.ids[0])[0] if t.event.subject_id == row.id] == []
        assert [t.event.kind for t in timeline(ground.ids[0], sealed=True)[0]] == ["service.delivered"]
        # An ordinary one is not questioned by it, so that nobody learns of it.
        service.deliver(
            cases_of(ground)[:1], sector="RELIEF_ITEMS", item="DIGNITY_KIT", provider_class="NGO", on=DAY
        )
        session.rollback()
    for page in before:
        assert "Kit de dignidad" not in client.get(page).text.partition("Lo que ha recibido")[2]
    assert len(_exported(client, "?days=31")) == 1


def test_no_reader_of_the_file_sees_or_writes_what_is_sealed(ground, db):
    need_id = ground.need(db)
    make_delivery(db, ground.ids[0], ground.desk_team.id, sealed=True, need_id=need_id)
    with access.acting_as(ground.coordinator):
        session.commit()
        assert session.scalars(sa.select(Delivery)).all() == []
        with pytest.raises(DBAPIError, match="row-level security"), session.begin_nested():
            session.add(
                Delivery(
                    case_id=ground.ids[0], team_id=ground.shelter.id, delivered_on=DAY, sealed=True, need_id=need_id, **FOOD
                )
            )  # fmt: skip
            session.flush()


# -- by number ----------------------------------------------------------------------------------------
def test_a_volunteer_counts_and_reads_nobody(ground, client, db):
    client.sign_in(ground.volunteer)
    data = {"team": ground.shelter.code, "item": "MEAL", "number": "45"}
    assert client.post("/deliveries/count", data=data).status_code == 302
    wrong = client.post("/deliveries/count", data={**data, "number": "0"})
    assert wrong.status_code == 422 and 'value="0"' in wrong.text
    page = client.get("/deliveries/count").text
    assert "45" in page and ground.name not in page and ground.number not in page
    assert client.get("/deliveries").status_code == 403
    with access.acting_as(ground.volunteer):
        session.commit()
        for table in (Case, Person, Delivery):
            assert session.scalars(sa.select(table)).all() == []
        row = session.scalars(sa.select(ItemTally)).one()
        (event,) = session.scalars(sa.select(CaseEvent)).all()
        assert (event.kind, event.case_id, event.person_key, event.number) == (
            "assistance.delivered",
            None,
            None,
            45,
        )
        row_id, event_id = row.id, event.id
    assert client.post(f"/deliveries/count/{row_id}/withdraw").status_code == 302
    assert client.post(f"/deliveries/count/{row_id}/withdraw").status_code == 422
    with access.acting_as(ground.volunteer):
        session.commit()
        taken = session.scalars(sa.select(CaseEvent).where(CaseEvent.withdraws_id.is_not(None))).all()
        assert [e.withdraws_id for e in taken] == [event_id]


def test_a_count_of_another_team_is_not_seen(ground, client, db):
    with db.as_owner():
        other = make_team(make_site(kind="SHELTER"), "SHELTER")
    row = make_tally(db, other)
    client.sign_in(ground.volunteer)
    assert client.post(f"/deliveries/count/{row.id}/withdraw").status_code == 404
    with access.acting_as(ground.volunteer):
        session.commit()
        assert session.scalars(sa.select(ItemTally)).all() == []


@pytest.mark.parametrize(
    ("constraint", "held"), [("item_known", {"item": "MEDICINE"}), ("number_sane", {"number": 5001})]
)
def test_the_database_keeps_a_count_sane(ground, db, constraint, held):
    with pytest.raises(IntegrityError, match=f"ck_item_tally_{constraint}"):
        make_tally(db, ground.shelter, **held)


def test_lodged_families_are_offered_by_name(ground, db):
    from tests.factories.shelter import furnish, make_stay, places_in

    with db.as_owner():
        furnish(ground.shelter)
        beds = places_in(ground.shelter, "F1")
        mother = session.get_one(Person, ground.mother.id)
        make_stay(mother, beds[0], state="IN", arrived_at=NOW, called_name="Anita")
    with access.acting_as(ground.coordinator):
        session.commit()
        assert queries.lodged(ground.coordinator) == [(ground.number, "Anita")]
        assert queries.lodged(ground.focal) == []
