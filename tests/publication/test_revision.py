"""Revisions: a new edition of a released month that lists each changed figure with its reason; and sites that had not
signed when a release was asked for."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from uuid import UUID

import numpy as np
import openpyxl
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.exc import DBAPIError, IntegrityError

from caseapp import cli, create_app
from caseapp.core import access
from caseapp.core import db as core_db
from caseapp.core.db import session
from caseapp.core.errors import refusal_of
from caseapp.publication import revised as revised_rows
from caseapp.publication import rules, service
from caseapp.publication.api import queries
from caseapp.publication.cube.splits import PartsTooCoarse, revise_parts
from caseapp.publication.editions import editions
from caseapp.release_audit.audit import audit
from tests.client import CheckedClient
from tests.publication import made_up

WHY = {"code": "LATE_SITE", "reason": "Una sede anotó su mes tarde."}


@pytest.fixture
def country(committed_db):
    """Mexico with 500 persons in August and September 2025; August is released."""
    people = made_up.staff()
    made_up.journal(500, date(2025, 8, 1), date(2025, 9, 30)).write()
    made_up.count_now()
    made_up.release(people, "2025-08")
    return people


def read(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def scalar(statement):
    return made_up.scalar("facts", statement)


def add_late(prefix="late", persons=120):
    """Persons of August who are known after its release, most of them women of Honduras."""
    late = made_up.Journal("MEX")
    for number in range(persons):
        who = {
            "sex": "F",
            "age_band": "18-59",
            "origin": "HND",
            "household": f"{prefix}{number // 2}",
            "site": "MX-TAP",
        }
        late.event("person.registered", f"{prefix}{number}", "2025-08-20", **who)
    wrong = scalar(
        "SELECT occurrence FROM facts.frozen WHERE domain = 'arrivals' AND counted = 'YEAR' "
        "AND household_counted = 'NONE' ORDER BY occurrence LIMIT 1"
    )
    late.event("event.withdrawn", "MEX0", "2025-09-20", withdraws_id=UUID(str(wrong)))
    late.write()
    made_up.count_now()
    return wrong


def revised(people, **why):
    made = service.make_revision("MEX", "2025-08", by=people.steward, **(WHY | why))
    made_up.approve(people, made)
    return made


def test_a_release_its_revision_and_the_following_month(country, tmp_path):
    first = scalar("SELECT id FROM released.release")
    before = {file.name: file.read_bytes() for file in service.export(first, tmp_path / "08")}
    wrong = add_late()
    service.export(revised(country), tmp_path / "08-R1")
    service.export(made_up.release(country, "2025-09"), tmp_path / "09")
    report = audit([tmp_path / "08", tmp_path / "08-R1", tmp_path / "09"])
    assert report.ok, report.to_text()

    # What was released is the same bytes, exported again after its revision.
    assert {file.name: file.read_bytes() for file in service.export(first, tmp_path / "again")} == before
    manifest = json.loads((tmp_path / "08-R1" / "manifest.json").read_text())
    assert manifest["release"] == "MEX-2025-08-R1" and [p["release"] for p in manifest["previous"]] == [
        "MEX-2025-08"
    ]

    # Each changed cell is listed with its reason, and moved by at least k.
    rows = read(tmp_path / "08-R1" / "revisions.csv")
    assert rows and {row["revises"] for row in rows} == {"MEX-2025-08"}
    assert {row["reason"] for row in rows} == {"LATE_SITE: Una sede anotó su mes tarde."}
    assert all(abs(int(row["new"]) - int(row["old"])) >= 5 for row in rows)
    assert read(tmp_path / "09" / "revisions.csv") == []
    old, new = (total(tmp_path / name, "2025-08") for name in ("08", "08-R1"))
    assert abs(new - old - 119) <= 20

    # The next month sums the revised cells and counts nobody of them again.
    assert abs(total(tmp_path / "09", "2025-Q3") - new - own_month(tmp_path / "09")) <= 10
    late = "SELECT count(*) FROM facts.frozen WHERE domain = 'arrivals' AND late"
    assert scalar(late) == 0
    assert scalar("SELECT count(*) FROM facts.withdrawal WHERE domain = 'arrivals'") == 1
    assert str(scalar("SELECT occurrence FROM facts.withdrawal WHERE domain = 'arrivals'")) == str(wrong)

    # A cell altered in the revision without a row that says so is found.
    cube = tmp_path / "08-R1" / "revisions.csv"
    lines = cube.read_text().splitlines()
    cube.write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    assert "A2" in {one.check for one in audit([tmp_path / "08", tmp_path / "08-R1"]).findings}


def total(folder, period):
    return next(
        int(row["value"]) for row in read(folder / "figures.csv")
        if row["indicator"] == "P1-00" and row["period"] == period and row["place_level"] == "COUNTRY"
    )  # fmt: skip


def own_month(folder):
    """Persons first counted in the quarter by September."""
    return sum(
        int(cell["value"]) for cell in read(folder / "cube-arrivals.csv")
        if cell["period"] == "2025-09" and cell["counted"] in ("YEAR", "QUARTER")
    )  # fmt: skip


def test_without_a_change_there_is_no_revision(country):
    with pytest.raises(rules.NothingToRevise):
        service.make_revision("MEX", "2025-08", by=country.steward, **WHY)
    assert scalar("SELECT count(*) FROM released.release") == 1
    with pytest.raises(rules.NotReleased):
        service.make_revision("MEX", "2025-09", by=country.steward, **WHY)
    with pytest.raises(rules.NotSteward):
        service.make_revision("MEX", "2025-08", by=country.approver, **WHY)
    with pytest.raises(rules.RevisionReasonMissing):
        service.make_revision("MEX", "2025-08", by=country.steward, code="LATE_SITE", reason="tarde")


def test_an_earlier_month_is_revised_after_later_ones_and_twice(country, tmp_path):
    service.export(made_up.release(country, "2025-09"), tmp_path / "09")
    add_late()
    service.export(revised(country), tmp_path / "08-R1")
    add_late("more")
    made = revised(country, code="DUPLICATES", reason="Se unieron registros repetidos.")
    service.export(made, tmp_path / "08-R2")
    report = audit([tmp_path / "09", tmp_path / "08-R1", tmp_path / "08-R2"])
    assert report.ok, report.to_text()
    assert {row["revises"] for row in read(tmp_path / "08-R2" / "revisions.csv")} == {"MEX-2025-08-R1"}
    names = [
        one["release"] for one in json.loads((tmp_path / "08-R2" / "manifest.json").read_text())["previous"]
    ]
    assert names == ["MEX-2025-08", "MEX-2025-09", "MEX-2025-08-R1"]


def test_editions_go_in_order_and_say_why_by_constraint(country):
    columns = (
        "INSERT INTO released.release (id, name, country, period, edition, status, made_by_id, made_at, "
        "revision_code, revision_reason, unconfirmed, unconfirmed_code) "
        "SELECT gen_random_uuid(), 'x', 'MEX', '2025-08', {edition}, 'DRAFT', made_by_id, now(), {code}, {reason}, "
        "{unconfirmed}, {why} FROM released.release"
    )
    usual = {"edition": 1, "code": "'LATE_SITE'", "reason": "'Tarde.'", "unconfirmed": "NULL", "why": "NULL"}
    for changed, error in (
        ({"edition": 2}, rules.NotReleased),
        ({"code": "NULL"}, rules.RevisionReasonMissing),
        ({"reason": "NULL"}, rules.RevisionReasonMissing),
        ({"unconfirmed": 2}, rules.NotConfirmed),
        ({"why": "'CALENDAR'"}, rules.NotConfirmed),
    ):
        with pytest.raises((IntegrityError, DBAPIError)) as refused, core_db.connect("facts") as connection:
            connection.execute(sa.text(columns.format(**(usual | changed))))
        assert isinstance(refusal_of(refused.value), error), changed


def test_parts_of_a_revised_parent_stay_or_move_far():
    rng, ks = np.random.default_rng(4), np.array([5, 5, 10])
    for _round in range(300):
        published = rng.choice([0, 5, 10, 12, 17, 40], 3)
        published[2] = 0 if published[2] < 10 else published[2]
        true = rng.integers(0, 40, 3)
        total = int(published.sum()) + int(rng.choice([-5, 5, 7, 12, 30]))
        if total < 0:
            continue
        try:
            parts = revise_parts(total, true, true < ks, ks, 0.02, published, rng)
        except PartsTooCoarse:
            continue
        assert parts.sum() == total and all(p == 0 or p >= k for p, k in zip(parts, ks, strict=True))
        assert all(p == was or abs(p - was) >= k for p, was, k in zip(parts, published, ks, strict=True))
    with pytest.raises(PartsTooCoarse):
        revise_parts(7, np.array([7]), np.array([False]), np.array([5]), 0.02, np.array([9]), rng)


def test_the_pages_and_the_worker(country):
    application = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    application.test_client_class = CheckedClient
    client = application.test_client()
    first = scalar("SELECT id FROM released.release")
    client.sign_in(country.steward)
    listed = client.get("/releases").get_data(as_text=True)
    assert "sedes que firmaron el mes" in listed and "Faltan 3 sedes" in listed
    refused = client.post("/releases", data={"country": "MEX", "period": "2025-09"})
    assert refused.status_code == 422 and "elija por qué se publica" in refused.get_data(as_text=True)
    page = client.get(f"/releases/{first}").get_data(as_text=True)
    assert "Pedir una revisión" in page and "No firmó" in page and "Programa " in page
    short = client.post(f"/releases/{first}/revise", data={"code": "LATE_SITE", "reason": "tarde"})
    assert short.status_code == 422 and "en una frase" in short.get_data(as_text=True)
    # Nothing has changed: the worker gives it back.
    assert client.post(f"/releases/{first}/revise", data=WHY).status_code == 302
    assert service.make_waiting() == 1
    assert scalar("SELECT problem FROM released.release WHERE edition = 1") == "NothingToRevise"
    add_late()
    answer = client.post(f"/releases/{first}/revise", data=WHY)
    assert answer.status_code == 302 and service.make_waiting() == 1
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "Qué cambia esta revisión" in page and "Una sede anotó su mes tarde." in page
    client.sign_in(country.approver)
    assert client.get(f"/releases/{first}/revise").status_code == 403
    made = answer.headers["Location"].rsplit("/", 1)[1]
    assert client.post(f"/releases/{made}/approve").status_code == 302
    client.sign_in(country.analyst)
    assert client.get("/figures/MEX/P1?period=2025-08").status_code == 200


def test_a_month_is_complete_only_where_every_site_signed(country, tmp_path):
    signs = made_up.everybody_signs("2025-09")
    made = service.make("MEX", "2025-09", by=country.steward)
    made_up.approve(country, made)
    service.export(made, tmp_path / "09")
    rows = {
        (row["place"], row["period"]): (row["status"], row["reporting"], row["expected"])
        for row in read(tmp_path / "09" / "coverage.csv") if row["domain"] == "arrivals"
    }  # fmt: skip
    assert signs == 3 and rows["MEX", "2025-09"] == ("COMPLETE", "3", "3")
    assert rows["MX-TAP", "2025-09"] == ("COMPLETE", "1", "1")
    # August was released without signatures, though all sites had recorded: no row says that they had.
    assert rows["MEX", "2025-Q3"] == ("PARTIAL", "0", "3") and rows["MX-TAP", "2025-Q3"] == (
        "PARTIAL",
        "1",
        "2",
    )
    assert (
        scalar(
            "SELECT reporting FROM released.coverage WHERE period = '2025-08' AND place_level = 'COUNTRY' LIMIT 1"
        )
        == 0
    )
    assert scalar("SELECT unconfirmed_code FROM released.release WHERE period = '2025-09'") is None
    assert scalar("SELECT unconfirmed_code FROM released.release WHERE period = '2025-08'") == "CALENDAR"
    assert audit([tmp_path / "09"]).ok


def test_the_command_line_revises(country, tmp_path):
    add_late()
    cli.gather()
    arguments = ["make", "--country", "MEX", "--period", "2025-08", "--by", country.steward.name, "--json"]
    runner = CliRunner()
    short = runner.invoke(cli.acogida, ["release", *arguments, "--revision", "LATE_SITE", "--reason", "x"])
    assert short.exit_code == 1
    answer = runner.invoke(
        cli.acogida, ["release", *arguments, "--revision", WHY["code"], "--reason", WHY["reason"]]
    )
    assert answer.exit_code == 0 and json.loads(answer.output)["status"] == "AWAITING_APPROVAL"
    session.remove()
    assert access.current().kind == "anonymous"


def test_a_small_country_revises_its_quarter(committed_db, tmp_path):
    people = made_up.staff("BLZ", "BZ-ZZ9")
    whole, known = (
        made_up.journal(persons, date(2025, 7, 1), date(2025, 9, 30), country="BLZ", sites=("BZ-BMP",))
        for persons in (130, 70)
    )
    # The same seed: who is known at first are the first of all.
    whole.waiting = whole.waiting[len(known.waiting) :]
    known.write()
    made_up.count_now()
    for month in ("2025-07", "2025-08", "2025-09"):
        made = made_up.release(people, month, "BLZ")
    service.export(made, tmp_path / "09")
    whole.write()
    made_up.count_now()
    # A month that closes nothing has nothing to revise.
    with pytest.raises(rules.NothingToRevise):
        service.make_revision("BLZ", "2025-08", by=people.steward, **WHY)
    made = service.make_revision("BLZ", "2025-09", by=people.steward, **WHY)
    made_up.approve(people, made)
    service.export(made, tmp_path / "09-R1")
    report = audit([tmp_path / "09", tmp_path / "09-R1"])
    assert report.ok, report.to_text()
    old, new = (total(tmp_path / name, "2025-Q3") for name in ("09", "09-R1"))
    assert new - old > 30
    # Events and their splits are counted again as well, not persons alone.
    assert {row["cube"].split(".")[0] for row in read(tmp_path / "09-R1" / "revisions.csv")} > {"arrivals"}


def test_pages_files_and_interface_say_which_edition_they_rest_on(country):
    made_up.release(country, "2025-09")
    first = scalar(
        "SELECT value FROM released.figure WHERE indicator = 'P1-00' AND period = '2025-08' LIMIT 1"
    )
    add_late()
    revised(country)
    application = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    application.test_client_class = CheckedClient
    client = application.test_client()
    client.sign_in(country.analyst)

    def text(url):
        answer = client.get(url)
        assert answer.status_code == 200, url
        return answer.get_data(as_text=True)

    # The month says that it was revised, when, why, and what its figure was before.
    page = text("/figures/MEX/P1/P1-00?period=2025-08")
    assert "Este mes fue revisado: revisión 1 de agosto de 2025, publicada el" in page
    assert "Una sede anotó su mes después de la publicación. Una sede anotó su mes tarde." in page
    assert f"antes {first}, ahora" in page and "/figures/MEX/revision/MEX-2025-08-R1" in page
    # September was not revised; the quarter and the year rest on the edition before and say so.
    assert "fue revisado" not in text("/figures/MEX/P1/P1-00?period=2025-09")
    for period in ("2025-Q3", "2025"):
        page = text(f"/figures/MEX/P1/P1-00?period={period}")
        assert "Todavía descansa en la edición anterior de agosto de 2025" in page
    assert "Todavía descansa" in text("/figures/MEX/P1?period=2025-Q3")
    assert "Todavía descansa" in text("/figures/MEX/flow?period=2025-Q3")
    assert "fue revisado" in text("/figures/MEX/P1?period=2025-08")

    # Files say it in columns, a workbook's notes in words.
    rows = list(csv.DictReader(text("/figures/MEX/P1.csv?period=2025-Q3").lstrip("\ufeff").splitlines()))
    told = {
        row["indicator"]: (row["release"], row["edition"], row["revisions"], row["revisions_awaited"])
        for row in rows
    }
    assert told["P1-00"] == ("MEX-2025-09", "0", "", "MEX-2025-08-R1")
    rows = list(
        csv.DictReader(text("/figures/MEX/P1/P1-00.csv?period=2025-08").lstrip("\ufeff").splitlines())
    )
    assert (rows[0]["release"], rows[0]["edition"], rows[0]["revisions"]) == (
        "MEX-2025-08-R1",
        "1",
        "MEX-2025-08-R1",
    )
    assert "#meta+revisions+awaited" in text("/figures/MEX/P1.hxl?period=2025-Q3").splitlines()[1]
    notes = openpyxl.load_workbook(
        io.BytesIO(client.get("/figures/MEX/P1/P1-00.xlsx?period=2025-08").data)
    ).worksheets[1]
    assert any(row[0].value == "Revisión" and "MEX-2025-08-R1" in row[1].value for row in notes.iter_rows())

    # The revision's own page lists what changed, in words, and gives every cell.
    page = text("/figures/MEX/revision/MEX-2025-08-R1")
    assert (
        "Cifras que cambian" in page
        and "Personas registradas" in page
        and "Honduras" in page
        and "Mujeres" in page
    )
    # Every figure that it says otherwise, breakdowns too, and those that one of the editions does not have.
    rows = list(
        csv.DictReader(text("/figures/MEX/revision/MEX-2025-08-R1/figures.csv").lstrip("\ufeff").splitlines())
    )
    with core_db.connect("owner") as connection:
        stand = {
            name: {tuple(one[:12]): (one.value, one.status) for one in connection.execute(sa.text(
                "SELECT indicator, measure, unit, f.period, place_level, place, sex, age_band, origin, household_type, need_group, "
                "counted, value, f.status FROM released.figure f JOIN released.release r ON r.id = f.release_id WHERE r.name = :name"
            ), {"name": name})}
            for name in ("MEX-2025-08", "MEX-2025-08-R1")
        }  # fmt: skip
    old, new = stand.values()
    differ = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    assert {tuple(row.values())[:12] for row in rows} == {
        key for key in differ if "PUBLISHED" in (old.get(key, ("", ""))[1], new.get(key, ("", ""))[1]) or key in old.keys() & new.keys()
    }  # fmt: skip
    assert {row["sex"] for row in rows} > {"T"} and rows[0]["sex"] == "T" and rows[0]["indicator"] == "P1-00"
    assert {(row["revises"], row["reason"]) for row in rows} == {
        ("MEX-2025-08", "LATE_SITE: Una sede anotó su mes tarde.")
    }
    assert f"de {len(rows)}" in page and ("page=2" in page) == (len(rows) > 100)
    assert "No hay más cifras" in text("/figures/MEX/revision/MEX-2025-08-R1?page=99")
    many = scalar("SELECT count(*) FROM released.revision")
    rows = list(
        csv.DictReader(text("/figures/MEX/revision/MEX-2025-08-R1.csv").lstrip("\ufeff").splitlines())
    )
    assert len(rows) == many and {row["revises"] for row in rows} == {"MEX-2025-08"}
    assert client.get("/figures/MEX/revision/MEX-2025-09-R1").status_code == 302
    for wrong in ("MEX-2025-08", "MEX-R1", "GTM-2025-08-R1"):
        assert client.get(f"/figures/MEX/revision/{wrong}").status_code == 404
    assert client.get("/figures/GTM/revision/MEX-2025-08-R1").status_code == 404

    # The interface says the same of each row, and why of the release.
    with core_db.connect("figures") as connection:
        known = editions(connection, "MEX")
        row = connection.execute(
            sa.text(
                "SELECT f.*, r.name AS release, r.edition FROM released.figure f JOIN released.release r ON r.id = f.release_id "
                "WHERE r.name = 'MEX-2025-09' AND f.indicator = 'P1-00' AND f.period = '2025-Q3' LIMIT 1"
            )
        ).one()
    given = queries.figure(row, known)
    assert (given["revisions"], given["revisions_awaited"]) == ([], ["MEX-2025-08-R1"])

    # What appears with a revision and what vanishes with it is a change, too.
    with core_db.connect("owner") as connection:
        connection.execute(sa.text("ALTER TABLE released.figure DISABLE TRIGGER USER"))
        for name, sex in (("MEX-2025-08", "F"), ("MEX-2025-08-R1", "M")):
            gone = sa.text(
                "DELETE FROM released.figure f USING released.release r WHERE r.id = f.release_id AND r.name = :name "
                "AND f.indicator = 'P1-00' AND f.period = '2025-08' AND f.place_level = 'COUNTRY' AND f.sex = :sex"
            )
            assert connection.execute(gone, {"name": name, "sex": sex}).rowcount == 1
    with core_db.connect("figures") as connection:
        known = editions(connection, "MEX")
        found = revised_rows.figures(connection, known, known.named("MEX-2025-08-R1"))
    own = {
        row.sex: row
        for row in found
        if (row.indicator, row.period, row.place_level) == ("P1-00", "2025-08", "COUNTRY")
    }
    assert (own["F"].old_status, own["F"].new_status) == (None, "PUBLISHED")
    assert (own["M"].old_status, own["M"].new_status) == ("PUBLISHED", None)
