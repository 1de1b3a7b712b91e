"""A release from the journal to the exported folder: made, approved, exported, attacked."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from caseapp import cli
from caseapp.core import access, clock
from caseapp.core import db as core_db
from caseapp.core.db import session
from caseapp.core.errors import explained_constraints, refusal_of
from caseapp.publication import rules, service
from caseapp.release_audit.audit import Attack, audit
from tests.publication import made_up


@pytest.fixture
def country(committed_db):
    """Mexico with 600 persons in August and September 2025, counted; who makes and approves."""
    people = made_up.staff()
    made_up.journal(600, date(2025, 8, 1), date(2025, 9, 30)).write()
    made_up.count_now()
    return people


def read(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def reader(role, statement):
    with core_db.connect(role) as connection:
        return connection.scalar(sa.text(statement))


def test_two_months_are_made_approved_exported_and_clean(country, tmp_path):
    for month in ("2025-08", "2025-09"):
        service.export(made_up.release(country, month), tmp_path / month)
    report = audit([tmp_path / "2025-08", tmp_path / "2025-09"], Attack(40))
    assert report.ok, report.to_text()
    assert report.effort_of("A3").tried > 1000 and report.effort_of("A4").tried == 40
    assert report.checked["figures"] > 100 and report.checked["cells compared with an earlier release"] > 500

    # The first row is the persons registered: the sum of its cells, and close to the truth.
    row = read(tmp_path / "2025-09" / "figures.csv")[0]
    cells = read(tmp_path / "2025-09" / "cube-arrivals.csv")
    own = [int(c["value"]) for c in cells if c["period"] == "2025-09" and c["counted"] != "SITE"]
    assert (row["indicator"], row["period"], int(row["value"])) == ("P1-00", "2025-09", sum(own))
    true = reader(
        "facts",
        "SELECT count(DISTINCT person) FROM facts.fact WHERE domain = 'arrivals' AND period = '2025-09'",
    )
    assert abs(sum(own) - true) <= 10

    # A site's month counts everybody there, without markers.
    sites = [r for r in read(tmp_path / "2025-09" / "figures.csv") if r["place_level"] == "SITE"]
    assert {r["place"] for r in sites} >= {"MX-TAP", "MX-OTH"} and {r["counted"] for r in sites} == {"T"}

    # One number altered by hand is found where it stands, sealed anew or not.
    figures = tmp_path / "2025-09" / "figures.csv"
    text = figures.read_text()
    figures.write_text(text.replace(f",{row['value']},PUBLISHED", f",{int(row['value']) + 1},PUBLISHED", 1))
    found = audit([tmp_path / "2025-09"]).findings
    assert {one.check for one in found} == {"A2"} and 2 in {one.row for one in found}


def test_the_same_release_gives_the_same_bytes(country, tmp_path):
    made = made_up.release(country, "2025-08")
    files = [service.export(made, tmp_path / name) for name in ("one", "two")]
    assert [f.read_bytes() for f in files[0]] == [f.read_bytes() for f in files[1]]
    # Made again from the same facts and secret: the same figures, with other ids.
    first = service.make("MEX", "2025-09", by=country.steward)
    seals = service.tables_of(first)["tables"]
    send_back(country, first)
    again = service.make("MEX", "2025-09", by=country.steward)
    assert again != first and service.tables_of(again)["tables"] == seals
    with pytest.raises(rules.NotApproved):
        service.export(again, tmp_path / "three")


def send_back(people, made):
    session.rollback()
    with access.acting_as(people.approver):
        service.refuse(made, "Falta una sede.", by=people.approver)
        session.commit()
    session.remove()


def test_months_go_in_order_and_only_for_ones_own_country(country):
    with pytest.raises(rules.NotSteward):
        service.make("MEX", "2025-08", by=country.approver)
    with pytest.raises(rules.NotSteward):
        service.make("GTM", "2025-08", by=country.steward)
    with pytest.raises(rules.MonthNotOver):
        service.make("MEX", "2025-11", by=country.steward)
    # 19:00 of the last day in Mexico is the next month in UTC.
    with clock.held_at(datetime(2025, 9, 1, 1, tzinfo=UTC)), pytest.raises(rules.MonthNotOver):
        service.make("MEX", "2025-08", by=country.steward)
    with pytest.raises(rules.PeriodUnknown):
        service.make("MEX", "2025-Q3", by=country.steward)
    made = service.make("MEX", "2025-08", by=country.steward)
    with pytest.raises(rules.AnotherOpen):
        service.make("MEX", "2025-09", by=country.steward)
    made_up.approve(country, made)
    with pytest.raises(rules.ReleasedAlready):
        service.make("MEX", "2025-08", by=country.steward)
    with pytest.raises(rules.OutOfOrder) as error:
        service.make("MEX", "2025-10", by=country.steward)
    assert "2025-09" in str(error.value)


def test_two_people_by_rule_by_policy_and_by_constraint(country):
    made = service.make("MEX", "2025-08", by=country.steward)
    with access.acting_as(country.steward), pytest.raises(rules.NotApprover):
        service.approve(made, by=country.steward)
    session.rollback()
    both = access.Principal(
        name="both", user_id=country.steward.user_id, kind="user",
        grants=(*country.steward.grants, *country.approver.grants),
    )  # fmt: skip
    with access.acting_as(both), pytest.raises(rules.OwnRelease):
        service.approve(made, by=both)
    session.rollback()
    # The steward's own connection changes nothing, whatever the code says.
    with access.acting_as(country.steward):
        changed = session.execute(sa.text("UPDATE released.release SET status = 'APPROVED'"))
        assert changed.rowcount == 0
    session.rollback()
    with pytest.raises(IntegrityError) as error, core_db.connect("facts") as connection:
        connection.execute(
            sa.text(
                "UPDATE released.release SET status = 'APPROVED', decided_by_id = made_by_id, decided_at = now()"
            )
        )
    assert isinstance(refusal_of(error.value), rules.OwnRelease)
    assert {"ck_release_two_people", "uq_release_open", "uq_release_approved"} <= explained_constraints()


def test_role_figures_reads_what_is_approved_and_nothing_else(country):
    made = service.make("MEX", "2025-08", by=country.steward)
    for table in ("release", "cube", "sheet", "figure", "coverage", "file"):
        assert reader("figures", f"SELECT count(*) FROM released.{table}") == 0
        assert reader("app", f"SELECT count(*) FROM released.{table}") == 0  # nobody acts
    for table in ("facts.fact", "facts.ledger", "facts.frozen", "public.case_event", "public.person"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            reader("figures", f"SELECT count(*) FROM {table}")
    with pytest.raises(ProgrammingError, match="permission denied"):
        reader("app", "SELECT count(*) FROM facts.ledger")
    made_up.approve(country, made)
    assert reader("figures", "SELECT count(*) FROM released.figure") > 50
    with pytest.raises(ProgrammingError, match="permission denied"):
        reader("figures", "DELETE FROM released.figure RETURNING 1")


def test_what_is_approved_never_changes(country):
    made_up.release(country, "2025-08")
    for statement in (
        "UPDATE released.release SET status = 'REFUSED', reason = 'x'", "DELETE FROM released.release",
        "UPDATE released.figure SET value = 1", "DELETE FROM released.sheet", "DELETE FROM facts.frozen",
        "INSERT INTO released.file (release_id, file, sha256) SELECT id, 'x', 'y' FROM released.release",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="never changes"), core_db.connect("facts") as connection:
            connection.execute(sa.text(statement))


def test_what_becomes_known_late_and_what_turns_out_wrong(country, tmp_path):
    made_up.release(country, "2025-08")
    counted = "SELECT count(*) FROM facts.frozen WHERE domain = 'claims'"
    before = reader("facts", counted)
    late = made_up.Journal("MEX")
    for number in range(40):
        late.event("claim.lodged", f"late{number}", "2025-08-20", code="N", subject=f"late{number}")
    wrong = reader("facts", "SELECT occurrence FROM facts.frozen WHERE domain = 'claims' ORDER BY 1 LIMIT 1")
    late.event("event.withdrawn", "MEX0", "2025-09-02", withdraws_id=UUID(str(wrong)))
    late.write()
    made_up.count_now()
    made = made_up.release(country, "2025-09")
    assert reader("facts", f"{counted} AND late") == 40 and before > 0
    assert str(reader("facts", "SELECT occurrence FROM facts.withdrawal WHERE domain = 'claims'")) == str(
        wrong
    )
    service.export(made, tmp_path / "out")
    cells = read(tmp_path / "out" / "cube-claims.csv")
    assert abs(sum(int(c["value"]) for c in cells if c["late"] == "YES") - 40) <= 10
    assert (tmp_path / "out" / "cube-claims_withdrawn.csv").exists()
    assert audit([tmp_path / "out"]).ok


def test_what_is_recorded_after_the_cut_off_waits(country):
    with clock.held_at(datetime(2025, 1, 1, tzinfo=UTC)), pytest.raises(rules.MonthNotOver):
        service.make("MEX", "2025-08", by=country.steward)
    core = made_up.Journal("MEX")
    row = core.event(
        "claim.lodged", "tomorrow", "2025-08-20", code="N", recorded_at=datetime(2025, 12, 1, tzinfo=UTC)
    )
    core.write()
    made_up.count_now()
    made_up.release(country, "2025-08")
    assert reader("facts", f"SELECT count(*) FROM facts.frozen WHERE occurrence = '{row}'") == 0


def test_a_small_country_counts_by_quarter(committed_db, tmp_path):
    people = made_up.staff("BLZ", "BZ-ZZ9")
    made_up.journal(60, date(2025, 7, 1), date(2025, 10, 31), country="BLZ", sites=("BZ-BMP",)).write()
    made_up.count_now()
    for month in ("2025-07", "2025-08", "2025-09", "2025-10"):
        service.export(made_up.release(people, month, "BLZ"), tmp_path / month)
    report = audit(sorted(tmp_path.iterdir()), Attack(20))
    assert report.ok, report.to_text()
    rows = {(r["indicator"], r["period"]): r for r in read(tmp_path / "2025-09" / "figures.csv")}
    assert rows["P1-00", "2025-09"]["status"] == "NOT_OFFERED"
    assert rows["P1-00", "2025-Q3"]["status"] == "PUBLISHED"
    assert rows["P1-00", "2025"]["value"] == rows["P1-00", "2025-Q3"]["value"]
    assert {r["period"] for r in read(tmp_path / "2025-10" / "figures.csv")} == {"2025-10"}


def test_the_command_line_makes_lists_approves_exports_and_audits(country, tmp_path):
    cli.gather()
    runner = CliRunner()

    def run(*arguments, code=0):
        answer = runner.invoke(cli.acogida, ["release", *arguments])
        assert answer.exit_code == code, answer.output
        return answer.output

    made = json.loads(
        run("make", "--country", "MEX", "--period", "2025-08", "--by", country.steward.name, "--json")
    )
    assert made["status"] == "AWAITING_APPROVAL" and made["period"] == "2025-08"
    tables = {table["file"]: table for table in made["tables"]}
    assert set(tables["figures.csv"]) == {"file", "sha256", "cells"} and tables["figures.csv"]["cells"] > 50
    run("make", "--country", "MEX", "--period", "2025-08", "--by", country.steward.name, code=1)
    run("approve", made["id"], "--by", country.steward.name, code=1)
    run("approve", made["id"], "--by", "nobody@prueba.example", code=1)
    run("approve", made["id"], "--by", country.approver.name)
    assert [one["status"] for one in json.loads(run("list", "--json"))["releases"]] == ["APPROVED"]
    run("export", made["id"], "--out", str(tmp_path / "out"))
    run("export", made["id"], "--out", str(tmp_path / "out"), code=1)
    run("export", "7", "--out", str(tmp_path / "two"), code=1)
    assert json.loads(run("audit", str(tmp_path / "out"), "--json"))["ok"]
    cube = tmp_path / "out" / "cube-arrivals.csv"
    cube.write_text(cube.read_text().replace(",0\n", ",3\n", 1))
    assert "A1" in run("audit", str(tmp_path / "out"), code=1)
