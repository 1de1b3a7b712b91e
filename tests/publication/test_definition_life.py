"""A definition from the draft to the release that counts by it, on committed data and as the roles that act."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from caseapp import create_app
from caseapp.core import access, clock
from caseapp.core import db as core_db
from caseapp.core.db import session
from caseapp.core.errors import refusal_of
from caseapp.indicators import catalogue, versions
from caseapp.indicators.drafts import entry as entries
from caseapp.indicators.drafts import service as drafts
from caseapp.publication import defining as rules
from caseapp.publication import service, trying
from caseapp.publication.service import defining
from caseapp.release_audit.audit import audit
from tests.client import CheckedClient
from tests.publication import made_up
from tests.statements import count_statements

CODE = "P2-04"
NARROW = {"part": {"ending": ["COMPLETED_ON_TIME"]}}
UNDRAWN = {"basis": "HOUSEHOLDS", "unit": "HOUSEHOLDS", "disaggregations": []}


@pytest.fixture
def house(committed_db):
    """Mexico with August released by the definitions of the files, September counted and not asked for."""
    people = made_up.staff()
    others = made_up.staff("GTM", "GT-ZZ9")
    made_up.journal(500, date(2025, 8, 1), date(2025, 9, 30)).write()
    made_up.count_now()
    made_up.everybody_signs("2025-08", "2025-09")
    made_up.release(people, "2025-08")
    application = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    application.test_client_class = CheckedClient
    return people, others, application.test_client()


def act(who, verb, *arguments, **named):
    """A verb in a transaction of its own; answers the id of its row."""
    session.remove()
    with access.acting_as(who):
        try:
            found = verb(*arguments, by=who, **named).id
            session.commit()
            return found
        except BaseException:
            session.rollback()
            raise
        finally:
            session.remove()


def drafted(people, code=CODE, **words):
    draft = act(people.steward, drafts.begin, code, "MEX")
    entry = entries.entry_of(catalogue.get(code)) | words
    return act(people.steward, drafts.save, draft, entry, version=None)


def published(people, month="2025-09", **words):
    draft = drafted(people, **(words or NARROW))
    act(people.steward, defining.propose, draft, month=month, reason="Se cuenta solo lo respondido en plazo.")
    return act(people.approver, defining.publish, draft)


def tried(old, new, country="MEX"):
    with core_db.connect("figures") as connection:
        return trying.compare(connection, country, old, new)


def test_trying_what_is_in_force_gives_what_was_published(house):
    rows = {
        (row.indicator, row.period): row.value
        for row in rows_of("SELECT indicator, period, value FROM released.figure WHERE place_level = 'COUNTRY' "
                           "AND sex = 'T' AND age_band = 'T' AND origin = 'T' AND household_type = 'T'")
    }  # fmt: skip
    compared = 0
    for each in catalogue.all():
        for one in tried(each, each):
            was = rows.get((each.code, one.period))
            assert (one.old.value if one.old else None) == was and one.difference in (None, 0), each.code
            compared += was is not None
    assert compared > 20


def test_trying_a_part_gives_the_published_part(house):
    """Women and girls among those registered: what the draft gives is the breakdown that was published."""
    whole = catalogue.get("P1-00")
    part = entries.checked("P1-00", entries.entry_of(whole) | {"select": {"sex": ["F"]}}, 2)
    women = {
        row.period: row.value
        for row in rows_of("SELECT period, value FROM released.figure WHERE indicator = 'P1-00' AND sex = 'F' "
                           "AND place_level = 'COUNTRY'")
    }  # fmt: skip
    found = {one.period: one for one in tried(whole, part)}
    assert {period: found[period].new.value for period in women} == women and len(women) == 3
    assert all(found[period].difference < 0 and found[period].is_comparable for period in women)


def rows_of(statement):
    with core_db.connect("figures") as connection:
        return connection.execute(sa.text(statement)).all()


def test_a_published_version_counts_the_months_after_it(house, tmp_path):
    people, _, client = house
    first = service.export(
        session.scalar(sa.text("SELECT id FROM released.release")) or release_id(), tmp_path / "before"
    )
    published(people)
    released = made_up.release(people, "2025-09")
    service.export(released, tmp_path / "2025-09")
    service.export(release_id(), tmp_path / "2025-08")

    # The month before keeps its bytes and its definition; this one says which it was counted by.
    assert [one.read_bytes() for one in first] == [
        (tmp_path / "2025-08" / one.name).read_bytes() for one in first
    ]
    manifest = json.loads((tmp_path / "2025-09" / "manifest.json").read_text("utf-8"))
    assert manifest["definitions"][CODE][0]["version"] == 2
    assert manifest["definitions"][CODE][0]["part"] == NARROW["part"]
    old = json.loads((tmp_path / "2025-08" / "manifest.json").read_text("utf-8"))
    assert old["definitions"][CODE][0]["version"] == 1
    report = audit([tmp_path / "2025-08", tmp_path / "2025-09"])
    assert report.ok, report.to_text()

    # Its figure is its own numerator over the same denominator.
    with (tmp_path / "2025-09" / "cube-referrals.ending.csv").open(encoding="utf-8") as file:
        cells = [row for row in csv.DictReader(file) if row["period"] == "2025-09"]
    on_time = sum(int(row["value"]) for row in cells if row["ending"] == "COMPLETED_ON_TIME")
    with (tmp_path / "2025-09" / "figures.csv").open(encoding="utf-8") as file:
        row = next(r for r in csv.DictReader(file) if r["indicator"] == CODE and r["period"] == "2025-09")
    assert int(row["numerator"]) == on_time

    # Pages compare no two versions, and say where the country stands apart.
    client.sign_in(people.analyst)
    page = client.get("/figures/MEX/P2?period=2025-09").get_data(as_text=True)
    assert "que en agosto de 2025" in page or "afirmarse desde agosto de 2025" in page
    card = next(one for one in page.split('class="figure-card"')[1:] if f"/{CODE}?" in one)
    assert "agosto de 2025" not in card
    assert "versión 2" in client.get(f"/figures/MEX/P2/{CODE}?period=2025-09").get_data(as_text=True)
    page = client.get(f"/indicators/{CODE}").get_data(as_text=True)
    assert "Se cuenta solo lo respondido en plazo." in page and "31 ago 2025" not in page
    assert "1 sept 2025" in page and "México" in page and "Todos los países" in page


def release_id():
    return rows_of("SELECT id FROM released.release ORDER BY period LIMIT 1")[0].id


def test_another_version_takes_its_place_and_nothing_takes_it_back(house):
    people, _, _ = house
    first = published(people)
    draft = act(people.steward, drafts.begin, CODE, "MEX")
    act(people.steward, drafts.save, draft, entries.entry_of(catalogue.get(CODE)), version=None)
    for month, refusal in (("2025-08", rules.MonthReleased), ("2025-09", rules.AfterTheLast)):
        with pytest.raises(refusal):
            act(people.steward, defining.propose, draft, month=month, reason="Como antes.")
    act(people.steward, defining.propose, draft, month="2025-11", reason="Como antes.")
    act(people.approver, defining.publish, draft)
    with core_db.connect("facts") as connection:
        known = versions.of(connection, "MEX")
        assert [(v.indicator.version, v.indicator.valid_to) for v in known.history(CODE)] == [
            (1, date(2025, 8, 31)), (2, date(2025, 10, 31)), (3, None),
        ]  # fmt: skip
        assert versions.of(connection, "GTM").get(CODE).version == 1
    # The database ended the one before, and lets nobody change or remove what is published.
    with core_db.connect("owner") as connection:
        ended = connection.scalar(
            sa.text("SELECT valid_to FROM released.definition WHERE id = :id"), {"id": first}
        )
        assert ended == date(2025, 10, 31)
    for change in (
        "UPDATE released.definition SET reason = 'x' || reason",
        "DELETE FROM released.definition",
    ):
        with core_db.connect("owner") as connection, pytest.raises(DBAPIError, match="never changes"):
            connection.execute(sa.text(change))


def test_two_people_by_rule_by_policy_and_by_constraint(house):
    people, others, _ = house
    draft = drafted(people, **NARROW)
    both = access.Principal(
        name="both", user_id=people.steward.user_id, kind="user",
        grants=(*people.steward.grants, *(g.__class__("RELEASE_APPROVER", g.team_id, g.team_code, g.team_type, g.country, g.site_id) for g in people.steward.grants)),
    )  # fmt: skip
    with pytest.raises(rules.WhyMissing):
        act(people.steward, defining.propose, draft, month="2025-09", reason=" ")
    act(people.steward, defining.propose, draft, month="2025-09", reason="Se aclara.")
    with pytest.raises(rules.OwnDefinition):
        act(both, defining.publish, draft)
    with pytest.raises(rules.NotDefinitionApprover):
        act(people.steward, defining.publish, draft)
    with pytest.raises(rules.NotDefinitionApprover.__mro__[1]):
        act(others.approver, defining.publish, draft)
    # By policy: a steward publishes nothing, even by SQL.
    with access.acting_as(people.steward):
        session.remove()
        with pytest.raises(ProgrammingError, match="row-level security"):
            session.execute(
                sa.text("UPDATE released.definition SET state = 'PUBLISHED', number = 2, decided_by_id = :a, decided_at = now()"),
                {"a": people.approver.user_id},
            )  # fmt: skip
        session.remove()
    act(people.approver, defining.send_back, draft, "Falta decirlo en inglés.")
    with pytest.raises(rules.NotDefinitionApprover.__mro__[1]):
        act(people.approver, defining.publish, draft)
    act(people.steward, defining.propose, draft, month="2025-09", reason="Se aclara.")
    act(people.steward, defining.take_back, draft)
    with pytest.raises(rules.NotProposed):
        act(people.steward, defining.take_back, draft)


def test_a_month_that_is_being_released_is_closed_by_the_database_too(house):
    people, _, _ = house
    draft = drafted(people, **NARROW)
    act(people.steward, defining.propose, draft, month="2025-09", reason="Se aclara.")
    service.make("MEX", "2025-09", by=people.steward)
    with pytest.raises(rules.MonthReleased):
        act(people.approver, defining.publish, draft)
    statement = "UPDATE released.definition SET state = 'PUBLISHED', number = 2, decided_by_id = :a, decided_at = :now"
    values = {"a": people.approver.user_id, "now": clock.now()}
    with pytest.raises(IntegrityError) as error, core_db.connect("owner") as connection:
        connection.execute(sa.text(statement), values)
    assert isinstance(refusal_of(error.value), rules.MonthReleased)
    # While a release is being asked for in another transaction, nothing is published.
    with core_db.connect("facts") as asking:
        asking.execute(sa.text("SELECT pg_advisory_xact_lock(7315, hashtext('MEX'))"))
        with pytest.raises(IntegrityError) as error, core_db.connect("owner") as connection:
            connection.execute(sa.text(statement), values)
    assert isinstance(refusal_of(error.value), rules.ReleaseRunning)


@pytest.fixture
def no_households(monkeypatch):
    """A catalogue none of whose indicators counts households of those registered."""
    kept = {each.code: each for each in catalogue.all() if each.cube != "arrivals.household"}
    monkeypatch.setattr(catalogue, "_catalogue", lambda: kept)


def test_what_the_year_does_not_draw_waits_for_january(no_households, house):
    people, _, client = house
    draft = drafted(people, "P1-00", **UNDRAWN)
    for month, refusal in (("2025-09", rules.CubeNotDrawn), ("2025-12", rules.CubeNotDrawn)):
        with pytest.raises(refusal):
            act(people.steward, defining.propose, draft, month=month, reason="Solo alojamiento.")
    client.sign_in(people.steward)
    page = client.get(f"/indicators/drafts/{draft}").get_data(as_text=True)
    assert "arrivals.household" in page and "nunca se publicó" in page
    act(people.steward, defining.propose, draft, month="2026-01", reason="Solo alojamiento.")
    act(people.approver, defining.publish, draft)


def test_figures_and_facts_read_what_is_published_and_nobodys_account(house):
    people, _, _ = house
    drafted(people, **NARROW)
    for role in ("figures", "facts"):
        assert made_up.scalar(role, "SELECT count(*) FROM released.definition") == 0
        for column in ("author_id", "writers", "decided_by_id"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                made_up.scalar(role, f"SELECT {column} FROM released.definition")


def test_the_pages_from_the_draft_to_the_catalogue(house):
    people, others, client = house
    client.sign_in(people.steward)
    edit = client.post(f"/indicators/{CODE}/draft").headers["Location"]
    page = client.get(edit).get_data(as_text=True)
    assert "fijados de antemano" in page and "Concluida, respondida en plazo" in page

    # Nothing typed is lost: a refusal gives the page back with every word, and each sentence beside its field.
    typed = fields_of(page) | {"name_es": "Referencias concluidas a tiempo", "name_en": "", "unit": "NIGHTS"}
    answer = client.post(edit, data=typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Referencias concluidas a tiempo" in page
    assert "Escriba el nombre en los dos idiomas." in page and "Esta unidad no corresponde" in page
    # Another domain: its own choices, nothing saved.
    answer = client.post(edit, data=typed | {"domain": "claims"})
    assert answer.status_code == 200 and "Aún no se guardó nada" in answer.get_data(as_text=True)

    typed |= {
        "name_en": "Referrals completed in time",
        "unit": "PERCENT",
        "part__ending": ["COMPLETED_ON_TIME"],
    }
    answer = client.post(edit, data=typed)
    assert answer.status_code == 302
    assert client.post(edit, data=typed).status_code == 409  # read before the other was saved
    draft = answer.headers["Location"]
    with count_statements() as counted:
        page = client.get(draft).get_data(as_text=True)
    assert len(counted) <= 22
    assert (
        "Qué cifras cambian" in page and "agosto de 2025" in page and "Probar no descubre nada nuevo" in page
    )
    assert "Concluida, respondida en plazo" in page and "publicados" in page

    answer = client.post(f"{draft}/propose", data={"valid_from": "2025-08", "reason": "El plazo importa."})
    assert answer.status_code == 422 and "ya se publicó" in answer.get_data(as_text=True)
    assert "El plazo importa." in answer.get_data(as_text=True)
    answer = client.post(f"{draft}/propose", data={"valid_from": "2025-09", "reason": "El plazo importa."})
    assert answer.status_code == 302
    assert client.get(edit).status_code == 422  # it waits
    assert client.post(f"{draft}/publish").status_code == 403
    client.sign_in(others.approver)
    assert client.get(draft).status_code == 404
    client.sign_in(people.approver)
    assert "Versiones en preparación" in client.get("/indicators").get_data(as_text=True)
    assert client.post(f"{draft}/return", data={"note": ""}).status_code == 422
    assert "Publicar esta versión" in client.get(draft).get_data(as_text=True)
    answer = client.post(f"{draft}/publish")
    assert answer.headers["Location"].endswith(f"/indicators/{CODE}")
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "<h1>Referencias concluidas a tiempo" in page and "El plazo importa." in page
    assert "definición propia del país" in client.get("/indicators").get_data(as_text=True)
    assert client.get(draft).status_code == 404


def fields_of(page):
    """What a browser would send of the form as it stands."""
    import re
    from html import unescape

    found: dict[str, object] = {}
    main = page[page.index('<form class="form"') :]
    for tag in re.findall(r"<input[^>]*>", main):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        name, value = attributes.get("name"), unescape(attributes.get("value", ""))
        if name and attributes.get("type") == "checkbox":
            found.setdefault(name, []).append(value)
        elif name and name != "q":
            found[name] = value
    for name, text in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', main, re.S):
        found[name] = unescape(text).strip()
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', main, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else ""
    return found
