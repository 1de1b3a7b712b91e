"""At the gate without a referral: who is taken in, what becomes of them, and that the gate reads nothing back."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.casefile.models import CaseTask
from caseapp.core import access, clock, crypto, outbox
from caseapp.core.db import session
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import Case, CaseAccess, Consent, DuplicateCandidate, HouseholdMember, Person
from caseapp.people.rules import age_band, is_child
from caseapp.people.service import NewFamily, NewPerson
from caseapp.places.models import Site
from caseapp.shelter import errors, queries
from caseapp.shelter import service as shelter
from caseapp.shelter.models import Stay
from caseapp.shelter.service import add_unit
from caseapp.shelter.standing import ChildEmergency, ChildLicence
from caseapp.shelter.walk_in import rules, service
from caseapp.shelter.walk_in.service import Group, Newcomer
from tests.factories import make_site, make_team
from tests.factories.shelter import TONIGHT, make_shelter, places_in
from tests.shelter.conftest import restart

SMALL_HOURS = datetime(2025, 11, 24, 8, 10, tzinfo=UTC)  # 02:10 at the site
YES = {"consent": "GIVEN"}
MOTHER = Newcomer("Chela", "18-59", "F", **YES)
GIRL = Newcomer("Luz", "5-11", "F")
BABY = Newcomer("Toño", "0-4", "M", requirements=("COT",), allergy="leche")


# -- rules --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("band", rules.BANDS)
@pytest.mark.parametrize("on", [date(2025, 11, 24), date(2024, 2, 29)])
def test_a_band_is_a_birth_that_stays_in_the_band(band, on):
    birth = rules.birth_of(band, on)
    assert age_band(birth, "STATED", on) == band
    assert is_child(birth, "STATED", on) == (band in rules.CHILD_BANDS)


@pytest.mark.parametrize(
    ("bands", "bond", "refused"),
    [
        ([], None, rules.NobodyNamed),
        (["18-59"], None, None),
        (["60+", "18-59"], "NO_PARENT", None),
        (["5-11"], None, rules.ChildWithoutCarer),
        (["12-17", "0-4"], "PARENT_DOCUMENT", rules.ChildWithoutCarer),
        (["18-59", "5-11"], None, rules.BondMissing),
        (["18-59", "5-11"], "PARENT_SAID", rules.ChildWithoutCarer),
        (["18-59", "12-17"], "NO_PARENT", rules.ChildWithoutCarer),
        (["18-59", "5-11"], "PARENT_DOCUMENT", None),
        (["18-59", "0-4"], "PARENT_ALONE", None),
    ],
)
def test_who_may_walk_in(bands, bond, refused):
    if refused is None:
        rules.may_walk_in(bands, bond)
    else:
        with pytest.raises(refused):
            rules.may_walk_in(bands, bond)


@pytest.mark.parametrize(
    ("answers", "desk"),
    [((), False), (("GIVEN",), True), (("GIVEN", "GIVEN"), True), (("GIVEN", "REFUSED"), False),
     (("NOT_ASKED",), False), (("GIVEN", "NOT_ASKED"), False), (("REFUSED",), False)],
)  # fmt: skip
def test_the_desk_goes_on_only_with_every_adults_yes(answers, desk):
    assert rules.goes_to_desk(answers) is desk


# -- the verb -----------------------------------------------------------------------------------------
@pytest.fixture
def at_gate(db):
    """A shelter with a desk in the same state, and the gate at 02:10."""
    from tests.factories import make_user, principal_of

    with db.as_owner():
        shelter_team = make_shelter(make_site(kind="SHELTER", admin1="MX07"))
        desk = make_team(make_site(admin1="MX07"), "RECEPTION_DESK")
        far = make_team(make_site(admin1="MX20"), "RECEPTION_DESK")
        users = {r: make_user(r, t) for r, t in (
            ("GATE_NIGHT", shelter_team), ("SHELTER_COORDINATOR", shelter_team), ("CASEWORKER", desk),
            ("SUPERVISOR", far),
        )}  # fmt: skip
    teams = {
        "GATE_NIGHT": shelter_team,
        "SHELTER_COORDINATOR": shelter_team,
        "CASEWORKER": desk,
        "SUPERVISOR": far,
    }
    principals = {r: principal_of(u, (r, teams[r])) for r, u in users.items()}
    with clock.held_at(SMALL_HOURS), access.acting_as(principals["GATE_NIGHT"]):
        restart()
        team = queries.shelters_of(access.current())[0]
        yield _Gate(db, team, desk, principals)


class _Gate:
    def __init__(self, db, team: Team, desk: Team, principals) -> None:
        self.db, self.team, self.desk, self.principals = db, team, desk, principals
        self.desk_id = desk.id

    def take_in(self, *members, bond=None, which=0):
        group = Group.of(members, bond)
        found = service.look(group, self.team)
        assert found, "no bed"
        return service.take_in(group, self.team, found[which].places)

    def as_(self, role):
        restart()
        return access.acting_as(self.principals[role])


def test_looking_keeps_nothing(at_gate):
    found = service.look(Group.of([MOTHER, GIRL], "PARENT_DOCUMENT"), at_gate.team)
    assert found and all(len(c.places) == 2 for c in found)
    assert service.read_choice(found[0].value) == found[0].places
    restart()
    with at_gate.db.as_owner():
        for table in (Case, Person, Stay, HouseholdMember):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_a_family_is_in_at_ten_past_two_with_the_least_and_the_desk_goes_on(at_gate):
    stays = at_gate.take_in(BABY, GIRL, MOTHER, bond="PARENT_DOCUMENT")
    assert [(s.called_name, s.child) for s in stays] == [("Chela", False), ("Toño", True), ("Luz", True)]
    assert {(s.state, s.first_night, s.last_night, s.arrived_at) for s in stays} == {
        ("IN", TONIGHT, TONIGHT, SMALL_HOURS)
    }
    assert len({s.unit_id for s in stays}) == 1 and stays[1].life_critical == "ALLERGY_LIFE|leche"
    ids = [s.case_id for s in stays]
    with at_gate.as_("CASEWORKER"):
        restart()
        cases = session.scalars(sa.select(Case).where(Case.id.in_(ids))).all()
        assert {(c.team_id, c.assigned_to_id) for c in cases} == {(at_gate.desk_id, None)}
        consent = session.scalars(sa.select(Consent)).one()
        assert (consent.case_id, consent.purpose, consent.state, consent.form) == (
            ids[0], "REGISTER", "GIVEN", "SPOKEN_WITNESSED",
        )  # fmt: skip
        task = session.scalars(sa.select(CaseTask)).one()
        assert (task.case_id, task.kind, task.due_on) == (ids[0], "FOLLOW_UP", date(2025, 11, 24))
        assert "sin referencia" in task.words
    with at_gate.as_("SHELTER_COORDINATOR"):
        restart()
        assert people.visible_to(access.current()) is not None
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 3  # reads, because of the stay


def test_the_gate_reads_nothing_back(at_gate):
    stays = at_gate.take_in(MOTHER)
    case_id = stays[0].case_id
    assert access.current().case_teams == ()
    for seen in (Case, Person, Consent, CaseAccess):
        assert session.scalar(sa.select(sa.func.count()).select_from(seen)) == 0, seen
    restart()
    assert session.get(Case, case_id) is None and session.get(Stay, stays[0].id) is not None


def test_a_refusal_inside_leaves_the_gate_as_it_was(at_gate):
    with pytest.raises(errors.PlaceTaken):
        service.take_in(Group.of([MOTHER], None), at_gate.team, [])
    bed = places_in(at_gate.team, "H1")[0].id
    with pytest.raises(errors.CannotBeOffered):  # a women's bed is not a man's
        service.take_in(Group.of([MOTHER], None), at_gate.team, [bed])
    told = session.execute(sa.text("SELECT current_setting('app.teams', true)")).scalar()
    assert told == "{}" and session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0
    with at_gate.db.as_owner():
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0


@pytest.mark.parametrize("answer", ["REFUSED", "NOT_ASKED"])
def test_without_a_yes_the_house_keeps_them_and_the_bed_is_the_same(at_gate, answer):
    quiet = Newcomer("Eva", "18-59", "F", requirements=("LOWER_BUNK",), consent=answer)
    asked = Newcomer("Eva", "18-59", "F", requirements=("LOWER_BUNK",), **YES)
    group, other = Group.of([quiet], None), Group.of([asked], None)
    assert [c.places for c in service.look(group, at_gate.team)] == [
        c.places for c in service.look(other, at_gate.team)
    ]
    (stay,) = service.take_in(group, at_gate.team, service.look(group, at_gate.team)[0].places)
    assert stay.minimum is (answer == "REFUSED")
    assert stay.requirements == ([] if answer == "REFUSED" else ["LOWER_BUNK"])
    with at_gate.as_("CASEWORKER"):
        restart()
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(CaseTask)) == 0
    with at_gate.as_("SHELTER_COORDINATOR"):
        restart()
        assert [s.id for s in service.waiting(queries.shelters_of(access.current())[0])] == [stay.id]


def test_a_desk_far_away_is_told_nothing(at_gate):
    with at_gate.db.as_owner():
        session.get_one(Team, at_gate.desk_id).active = False
        session.flush()
    restart()
    at_gate.team = queries.shelters_of(access.current())[0]
    at_gate.take_in(MOTHER)
    with at_gate.db.as_owner():
        assert session.scalars(sa.select(Case.team_id)).all() == [at_gate.team.id]


@pytest.mark.parametrize(("said", "found"), [("Maribel Ajanel", 1), ("Maribel", 0), ("Otra Persona", 0)])
def test_who_may_be_registered_already_is_noted_for_the_desk_alone(at_gate, said, found):
    with at_gate.as_("CASEWORKER"):
        restart()
        desk = session.get_one(Team, at_gate.desk_id)
        known = NewPerson(
            given_names="Maribel",
            surname_1="Ajanel",
            birth=rules.birth_of("18-59", TONIGHT),
            sex_in_document="F",
        )
        known_case = people_service.register(NewFamily((known,)), team=desk, on=TONIGHT).cases[0].id
    with at_gate.as_("GATE_NIGHT"):
        restart()
        at_gate.team = queries.shelters_of(access.current())[0]
        at_gate.take_in(Newcomer(said, "18-59", "F", **YES))
        assert session.scalar(sa.select(sa.func.count()).select_from(DuplicateCandidate)) == 0
    with at_gate.db.as_owner():
        pairs = session.scalars(sa.select(DuplicateCandidate)).all()
        assert len(pairs) == found and all(known_case in (p.case_id, p.other_case_id) for p in pairs)


def test_withdrawn_consent_leaves_the_minimum_and_the_departure_ends_the_reading(at_gate):
    (stay,) = at_gate.take_in(Newcomer("Eva", "18-59", "F", requirements=("LOWER_BUNK",), **YES))
    case_id, stay_id = stay.case_id, stay.id
    with at_gate.as_("CASEWORKER"):
        restart()
        consent = session.scalars(sa.select(Consent)).one()
        people_service.withdraw_consent(session.get_one(Case, case_id), consent, on=date(2025, 11, 24))
        assert session.get_one(Stay, stay_id).minimum and session.get_one(Stay, stay_id).requirements == []
        assert session.scalars(sa.select(CaseAccess.ended_at)).one() is not None
    with at_gate.as_("GATE_NIGHT"):
        restart()
        shelter.depart(queries.managed(access.current(), stay_id), "OWN_WISH", "FAMILY_FRIENDS")
        restart()
    with at_gate.db.as_owner():
        row = session.scalars(
            sa.select(outbox.OutboxRow).where(outbox.OutboxRow.topic == "shelter.reading_over")
        ).one()
        assert outbox.deliver(row.id) and session.get_one(Stay, stay_id).called_name is None


def test_the_departure_of_somebody_who_agreed_ends_the_shelters_reading(at_gate):
    (stay,) = at_gate.take_in(MOTHER)
    shelter.depart(stay, "OWN_WISH", "FAMILY_FRIENDS")
    restart()
    with at_gate.db.as_owner():
        assert session.scalars(sa.select(CaseAccess.ended_at)).one() is None
        row = session.scalars(
            sa.select(outbox.OutboxRow).where(outbox.OutboxRow.topic == "shelter.reading_over")
        ).one()
        assert outbox.deliver(row.id)
        session.expire_all()
        assert session.scalars(sa.select(CaseAccess.ended_at)).one() is not None


def test_two_families_do_not_share_a_family_room(at_gate):
    one = at_gate.take_in(MOTHER, GIRL, bond="PARENT_DOCUMENT")
    two = at_gate.take_in(
        Newcomer("Rosa", "18-59", "F", **YES), Newcomer("Pepe", "5-11", "M"), bond="PARENT_ALONE"
    )
    assert {s.unit_id for s in one}.isdisjoint({s.unit_id for s in two})


def test_one_place_in_the_code_stands_in_for_another_team():
    """`standing_in` lends a team for one verb; whoever uses it elsewhere has to argue it (decision 0140)."""
    root = Path(__file__).parents[2]
    used = {
        str(f.relative_to(root))
        for folder in ("caseapp", "workers")
        for f in (root / folder).rglob("*.py")
        if any(
            isinstance(n, ast.Attribute | ast.Name)
            and "standing_in" in (getattr(n, "attr", ""), getattr(n, "id", ""))
            for n in ast.walk(ast.parse(f.read_text(encoding="utf-8")))
        )
    }
    assert used == {"caseapp/shelter/walk_in/service.py"}


# -- the page -----------------------------------------------------------------------------------------
def written(*members, **more):
    data = dict(more)
    for i, m in enumerate(members):
        data |= {
            f"members-{i}-name": m.name, f"members-{i}-band": m.band, f"members-{i}-sex": m.sex,
            f"members-{i}-safe_in": m.safe_in, f"members-{i}-consent": m.consent,
            f"members-{i}-requirements": list(m.requirements), f"members-{i}-allergy": m.allergy,
        }  # fmt: skip
    return data


def test_the_page_asks_three_things_a_person_and_takes_two_presses(client, at_gate):
    client.sign_in(at_gate.principals["GATE_NIGHT"])
    page = client.get("/shelter/walk-in").get_data(as_text=True)
    first = page.split("<fieldset")[1].split("<details")[0]
    asked = re.findall(r'name="members-0-(\w+)"', first)
    assert asked == ["name", "band", "sex", "consent", "safe_in"]  # the last three stand chosen
    assert "autofocus" in first and page.count("person-row") == 1  # one person, and the cursor in the name
    looked = client.post("/shelter/walk-in", data=written(MOTHER, GIRL, bond="PARENT_DOCUMENT", verb="look"))
    text = looked.get_data(as_text=True)
    assert looked.status_code == 200 and "Recibir esta noche" in text and "todos en un cuarto" in text
    place = re.search(r'name="place"[^>]*value="([^"]+)"', text) or re.search(
        r'value="([^"]+)"[^>]*name="place"', text
    )
    answer = client.post(
        "/shelter/walk-in", data=written(MOTHER, GIRL, bond="PARENT_DOCUMENT", verb="in", place=place[1])
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    tonight = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert (
        re.search(r"Ingresaron 2 personas a \w+-B1, \w+-B2", tonight)
        and "Chela" in tonight
        and "Luz" in tonight
    )
    for hidden in ("/cases/", "MX-", "UNK", "nacionalidad", "Nacionalidad"):
        assert hidden not in tonight.split("<main")[1].replace(at_gate.team.code, ""), hidden


def test_a_child_with_an_adult_who_is_not_shown_to_be_theirs_stops_here(client, at_gate):
    client.sign_in(at_gate.principals["GATE_NIGHT"])
    for verb in ("look", "in", "first"):
        answer = client.post("/shelter/walk-in", data=written(MOTHER, GIRL, verb=verb, bond="PARENT_SAID"))
        text = answer.get_data(as_text=True)
        assert answer.status_code == 422 and "Qué hacer ahora" in text and "autoridad de niñez" in text
        assert "sin la persona adulta" in text and 'value="Luz"' in text
    with at_gate.db.as_owner():
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0


WATCH = {"staff": "Marta Inventada", "second": "Rosa Supuesta", "authority": "Lic. Demo, 02:05"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (WATCH, None), ({**WATCH, "staff": " "}, "staff"), ({**WATCH, "second": ""}, "second"),
        ({**WATCH, "second": " marta inventada "}, "second"), ({**WATCH, "authority": ""}, "authority"),
    ],
)  # fmt: skip
def test_two_of_the_staff_and_the_authority(given, field):
    if field is None:
        rules.may_watch(**given)
    else:
        with pytest.raises(rules.WatchMissing) as refused:
            rules.may_watch(**given)
        assert refused.value.field == field


@pytest.mark.parametrize(
    ("bands", "alone"),
    [([], False), (["5-11"], True), (["0-4", "12-17"], True), (["18-59", "0-4"], False), ([""], False)],
)
def test_who_is_alone(bands, alone):
    assert rules.alone(bands) is alone


def test_children_alone_are_led_to_a_room_of_their_own_with_two_of_the_staff(client, at_gate):
    client.sign_in(at_gate.principals["GATE_NIGHT"])
    for verb in ("first", "look"):  # never the first bed without asking
        text = client.post("/shelter/walk-in", data=written(GIRL, BABY, verb=verb)).get_data(as_text=True)
        assert "Niñas o niños sin persona adulta" in text and "Recibir con dos personas del personal" in text
    room = re.search(r'value="([^"]+)"[^>]*name="place"|name="place"[^>]*value="([^"]+)"', text)
    place = room[1] or room[2]
    for missing in WATCH:
        given = {**WATCH, missing: ""}
        refused = client.post("/shelter/walk-in", data=written(GIRL, BABY, verb="in", place=place, **given))
        text = refused.get_data(as_text=True)
        assert refused.status_code == 422 and "dos personas distintas" in text
        assert all(value in text for value in given.values() if value)
    done = client.post("/shelter/walk-in", data=written(GIRL, BABY, verb="in", place=place, **WATCH))
    assert done.status_code == 302, done.get_data(as_text=True)
    with at_gate.as_("SHELTER_COORDINATOR"):
        restart()
        stays = session.scalars(sa.select(Stay)).all()
        assert {(s.state, s.one_household) for s in stays} == {("IN", True)} and len(
            {s.unit_id for s in stays}
        ) == 1
        rows = session.scalars(sa.select(ChildEmergency)).all()
        crypto.load_keys([r.case_id for r in rows])
        assert {(r.staff, r.second, r.authority) for r in rows} == {tuple(WATCH.values())}
        assert {(r.review_due_at - r.since).total_seconds() / 3600 for r in rows} == {72}
        notes = session.scalars(
            sa.select(outbox.OutboxRow.note).where(outbox.OutboxRow.note == "CHILD_ALONE")
        )
        assert len(notes.all()) == 2  # one alert for each
        with pytest.raises(sa.exc.IntegrityError, match="two_and_the_authority"), session.begin_nested():
            session.execute(sa.update(ChildEmergency).values(second_sealed=None))
    client.sign_in(at_gate.principals["SHELTER_COORDINATOR"])
    page = client.get("/shelter/places").get_data(as_text=True)
    assert "Marta Inventada · Rosa Supuesta" in page and "autoridad de niñez: Lic. Demo" in page


def test_a_licensed_room_comes_before_the_emergency(at_gate):
    with at_gate.db.as_owner():
        here = session.merge(at_gate.team)
        session.execute(sa.update(Site).where(Site.id == here.site_id).values(child_licence=True))
        add_unit(
            here,
            code="N1",
            name="Niñez",
            takes="CHILDREN",
            places={"BED": 2},
            opened_on=date(2025, 1, 1),
        )
        session.add(
            ChildLicence(
                team_id=here.id, site_id=here.site_id, valid_from=date(2025, 1, 1), valid_to=date(2026, 1, 1)
            )
        )
        session.flush()
        beds = {p.id for p in places_in(here, "N1")}
    found = service.look(Group.of([GIRL], None), at_gate.team)
    licensed = next(
        c.places for c in found if set(c.places) <= beds
    )  # shared by children: no room of an emergency
    (stay,) = service.take_in(Group.of([GIRL], None), at_gate.team, licensed, watch=service.Watch(**WATCH))
    assert stay.place_id in beds
    with pytest.raises(rules.ChildWithoutCarer):  # and never without those two names
        service.take_in(
            Group.of([GIRL], None), at_gate.team, service.look(Group.of([GIRL], None), at_gate.team)[0].places
        )


def test_one_press_takes_the_first_bed_that_the_rules_give(client, at_gate):
    client.sign_in(at_gate.principals["GATE_NIGHT"])
    best = service.look(Group.of([MOTHER], None), at_gate.team)[0].places
    done = client.post("/shelter/walk-in", data=written(MOTHER, verb="first"))
    assert done.status_code == 302
    with at_gate.db.as_owner():
        assert session.scalars(sa.select(Stay.place_id)).all() == list(best)


def test_what_is_missing_is_said_and_nothing_typed_is_lost(client, at_gate):
    client.sign_in(at_gate.principals["GATE_NIGHT"])
    nobody = client.post("/shelter/walk-in", data={"verb": "look"})
    assert nobody.status_code == 422 and "al menos a una persona" in nobody.get_data(as_text=True)
    young = client.post("/shelter/walk-in", data=written(Newcomer("Eva", ""), verb="look"))
    assert young.status_code == 422 and 'value="Eva"' in young.get_data(as_text=True)
    more = client.post("/shelter/walk-in", data=written(MOTHER, GIRL, MOTHER, verb="add")).get_data(
        as_text=True
    )
    assert "Persona 5" in more and "Persona 6" not in more and 'value="Luz"' in more
    gone = client.post("/shelter/walk-in", data=written(MOTHER, verb="in", place=str(at_gate.team.id)))
    assert gone.status_code == 404 or gone.status_code == 422


def test_the_house_is_full_and_the_page_says_who_to_call(client, at_gate):
    with at_gate.db.as_owner():
        from caseapp.shelter.models import Unit

        session.execute(sa.update(Unit).values(active=False))
    session.commit()
    client.sign_in(at_gate.principals["GATE_NIGHT"])
    answer = client.post("/shelter/walk-in", data=written(MOTHER, verb="look"))
    assert "No es posible ofrecerlo aquí." in answer.get_data(as_text=True)
