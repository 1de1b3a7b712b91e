"""Putting in a list on a page: checked first, imported by the worker, decided by a person."""

from __future__ import annotations

import io
import json
import re

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from caseapp.accounts.models import Team
from caseapp.core import access, crypto
from caseapp.core.db import session
from caseapp.people import queries
from caseapp.people.models import Case, DuplicateCandidate, Person
from caseapp.places.models import Site
from caseapp.reception.models import ImportHeld, ImportRun, ImportSource
from caseapp.reception.service import importing, runs
from tests.factories import make_site, make_team, make_user
from tests.people.conftest import restart
from tests.reception.lists import csv_file, person
from tests.reception.test_importing import count, family, run, twin


@pytest.fixture
def at_desk(desk, client):
    client.sign_in(desk.principal)
    return client


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def put_in(client, content: io.BytesIO, name: str = "lista.csv") -> str:
    answer = client.post("/people/import", data={"file": (content, name)}, content_type="multipart/form-data")
    assert answer.status_code == 302, text_of(answer)
    return answer.headers["Location"]


def work(desk, address: str) -> None:
    """What the worker does with the run, in one go."""
    row = session.get_one(ImportRun, address.rsplit("/", 1)[1])
    where = runs.where_of(desk.team, session.get_one(Site, desk.team.site_id))
    content = io.BytesIO(runs.content_of(row))
    for report in importing.import_people(
        content, where, team=desk.team, run_id=row.id, dry_run=row.dry_run, skip_bad=row.skip_bad
    ):
        runs.progressed(row.id, report)
    runs.end(row.id, report)
    restart()


def test_a_list_is_checked_then_imported_and_the_file_goes(at_desk, desk):
    address = put_in(at_desk, csv_file(*family()))
    assert "En espera" in text_of(at_desk.get(address))
    work(desk, address)
    page = text_of(at_desk.get(address))
    assert "Revisada, sin importar" in page and "Importar</button>" in page and count(Case) == 0
    assert at_desk.post(address).status_code == 302
    work(desk, address)
    page = text_of(at_desk.get(address))
    assert "Importada" in page and count(Case) == 3 and "Importar</button>" not in page
    row = session.scalars(sa.select(ImportRun)).one()
    assert row.file_sealed is None and row.file_name_sealed is None
    assert (
        session.scalar(
            sa.select(sa.func.count()).select_from(crypto.CaseKey).where(crypto.CaseKey.case_id == row.id)
        )
        == 0
    )
    assert at_desk.post(address).status_code == 422  # the file is gone


def test_the_file_is_encrypted_while_it_waits(at_desk, desk):
    put_in(at_desk, csv_file(*family()), "familia Quispeluna.csv")
    stored = session.execute(
        sa.text("SELECT to_jsonb(r)::text, encode(file_sealed, 'escape') FROM import_run r")
    ).one()
    assert not any("Quispeluna" in part for part in stored)


def test_the_check_says_which_rows_may_be_one_person(at_desk, desk):
    again = person(given_names="Rosa Elena", surname_1="Quispeluna", surname_2="Xitumul", birth_date="1988-04-12",
                   document_number="F1234567", document_type="PASSPORT", external_id="9")  # fmt: skip
    address = put_in(at_desk, csv_file(*family(), again))
    work(desk, address)
    page = text_of(at_desk.get(address))
    assert "Quizá sea la misma persona que la de la fila 3." in page and "Importar</button>" in page
    assert "Qué hay que corregir" not in page
    assert "may be the same person as the one in row 3" in text_of(at_desk.get(f"{address}?lang=en"))


def test_errors_are_shown_by_row_and_exported_as_text(at_desk, desk):
    address = put_in(
        at_desk,
        csv_file(
            {"given_names": "Ana", "=cmd()": "x"}, person(sex="?"), columns=("given_names", "=cmd()", "sex")
        ),
    )
    work(desk, address)
    page = text_of(at_desk.get(address))
    assert "No se conoce la columna" in page and "Escriba F, M o X" in page
    export = text_of(at_desk.get(f"{address}/problems.csv"))
    assert "1,'=cmd()," in export and "3,sex,Escriba F, M o X" in export.replace('"', "")
    assert at_desk.post(address).status_code == 422 and count(Case) == 0
    assert at_desk.post(address, data={"skip_bad": "y"}).status_code == 302
    work(desk, address)
    assert count(Case) == 1


def test_reasons_are_told_in_the_reader_s_language(at_desk, desk):
    address = put_in(at_desk, csv_file(person(sex="?")))
    work(desk, address)
    assert "as in the document" in text_of(at_desk.get(f"{address}?lang=en"))


@pytest.mark.parametrize("data", [{}, {"file": (io.BytesIO(b""), "x.csv")}])
def test_no_file_is_said_beside_the_field(at_desk, data):
    answer = at_desk.post("/people/import", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422 and "Elija un archivo" in text_of(answer)


def test_a_file_may_be_thrown_away(at_desk, desk):
    address = put_in(at_desk, csv_file(person()))
    work(desk, address)
    assert at_desk.post(f"{address}/discard").status_code == 302
    assert session.scalars(sa.select(ImportRun.file_sealed)).one() is None


def held_page(client, desk):
    """A family waits because its head may be registered; its page and the fields of the question."""
    run(desk, csv_file(*family()))
    child = person(given_names="Kenia", household="B", relation="CHILD", external_id="b2")
    run(desk, csv_file(twin(external_id="b1", household="B", head="x"), child))
    listed = text_of(client.get("/people/import/waiting"))
    [address] = re.findall(r'href="(/people/import/waiting/[^"]+)"', listed)
    page = text_of(client.get(address))
    assert "Kenia Bracamonteverde" in page
    [field] = set(re.findall(r'name="(same-[^"]+)"', page))
    return address, field


def test_the_same_person_keeps_the_file_and_the_others_join(at_desk, desk):
    address, field = held_page(at_desk, desk)
    assert at_desk.post(address, data={}).status_code == 422 and count(Case) == 3
    assert at_desk.post(address, data={field: "SAME"}).status_code == 302
    restart()
    assert count(Case) == 4 and session.scalars(sa.select(ImportHeld.people_sealed)).one() is None
    kenia = next(p for p in session.scalars(sa.select(Person)) if p.given_names == "Kenia")
    names = [p.person.given_names for p in queries.members_of(queries.household_of(kenia.case_id))]
    assert names == ["Rosa Elena", "Kenia"]
    sources = session.scalars(sa.select(ImportSource)).all()
    assert len(sources) == 5 and all(s.case_id for s in sources)
    assert at_desk.post(address, data={field: "SAME"}).status_code == 409


def test_another_person_is_registered_and_the_answer_is_remembered(at_desk, desk):
    address, field = held_page(at_desk, desk)
    assert at_desk.post(address, data={field: "NOT_SAME"}).status_code == 302
    restart()
    assert count(Case) == 5
    assert session.scalars(sa.select(DuplicateCandidate.decision)).all() == ["NOT_SAME"]


# -- the command and the worker, with commits -----------------------------------------------------------------


@pytest.fixture
def installation(committed_db, tmp_path):
    from caseapp.reception.commands import import_

    engine = sa.create_engine(committed_db.owner)
    session(bind=engine)
    team = make_team(make_site(code="MX-TAP"), code="MX-TAP-RECEPTION_DESK")
    user = make_user("SUPERVISOR", team)
    session.commit()
    session.remove()

    class At:
        user_id, team_id = user.id, team.id
        path = tmp_path / "lista.csv"

        def ask(self, *arguments, rows=None):
            if rows is not None:
                self.path.write_bytes(csv_file(*rows).getvalue())
            return CliRunner().invoke(import_, ["people", str(self.path), "--site", "MX-TAP", *arguments])

        def one(self, sql):
            with engine.connect() as connection:
                return connection.execute(sa.text(sql)).scalar_one()

    yield At()
    session.remove()
    engine.dispose()


def test_the_command_tells_its_result_as_json(installation):
    made = installation.ask("--json", rows=family())
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout) == {
        "rows": 3,
        "created": 3,
        "existing": 0,
        "skipped": 0,
        "duplicates": 0,
        "errors": [],
    }
    again = json.loads(installation.ask("--json").stdout)
    assert (again["created"], again["existing"]) == (0, 3)
    assert installation.one("SELECT count(*) FROM person") == 3
    assert installation.one("SELECT string_agg(DISTINCT actor, ',') FROM case_event") == "system:import"
    assert (
        installation.one("SELECT count(*) FROM import_run WHERE file_sealed IS NULL AND state = 'DONE'") == 2
    )


def test_the_command_refuses_in_one_line(installation):
    wrong = installation.ask("--json", rows=family(sex="?"))
    assert (
        wrong.exit_code == 1
        and wrong.stderr.count("\n") == 1
        and installation.one("SELECT count(*) FROM person") == 0
    )
    said = json.loads(wrong.stdout)
    assert said["errors"] == [
        {"row": 3, "column": "sex", "reason": "Escriba F, M o X como en el documento, o la palabra completa."}
    ]
    english = json.loads(installation.ask("--json", "--language", "en").stdout)["errors"][0]["reason"]
    assert english.startswith("Write F, M or X")
    dry = installation.ask("--dry-run", "--json", rows=family())
    assert dry.exit_code == 0 and installation.one("SELECT count(*) FROM import_run") == 2
    installation.path.write_bytes(b"\xff\xfe nothing")
    assert installation.ask("--json").exit_code == 1
    missing = CliRunner().invoke(_command(), ["people", "nowhere.csv", "--site", "MX-TAP"])
    assert missing.exit_code == 2 and missing.stderr.count("\n") == 1
    assert (
        CliRunner().invoke(_command(), ["people", str(installation.path), "--site", "XX-XXX"]).exit_code == 1
    )


def _command():
    from caseapp.reception.commands import import_

    return import_


def _ask(installation, *rows):
    """Put a list in as the supervisor; the run's id."""
    who = runs.principal_of_run(ImportRun(asked_by_id=installation.user_id, team_id=installation.team_id))
    session.rollback()
    with access.acting_as(who):
        team = session.get_one(Team, installation.team_id)
        made = runs.ask(team, csv_file(*rows).getvalue(), "lista.csv")
        session.commit()
        return made.id


def _go_on(run_id):
    row = session.get_one(ImportRun, run_id)
    with access.acting_as(runs.principal_of_run(row)):
        session.rollback()
        runs.go_on(session.get_one(ImportRun, run_id), skip_bad=False)
        session.commit()


def test_the_worker_imports_as_whoever_asked(installation, monkeypatch):
    from workers import reception as worker

    run_id = _ask(installation, *family())
    session.remove()
    monkeypatch.setattr(worker, "TURN", 0.0)
    _turns(worker)
    assert installation.one("SELECT state || dry_run::text FROM import_run") == "DONEtrue"
    assert installation.one("SELECT count(*) FROM person") == 0
    with installation_as_work():
        _go_on(run_id)
        session.remove()
    _turns(worker)
    assert installation.one("SELECT state || created::text FROM import_run") == "DONE3"
    assert (
        installation.one("SELECT string_agg(DISTINCT actor, ',') FROM case_event")
        == f"user:{installation.user_id}"
    )
    assert (
        installation.one("SELECT count(*) FROM keyring.case_key WHERE case_id = (SELECT id FROM import_run)")
        == 0
    )


def installation_as_work():
    from contextlib import contextmanager

    from caseapp.core.db import use_role

    @contextmanager
    def as_work():
        session.remove()
        use_role("work")
        try:
            yield
        finally:
            session.remove()
            use_role("app")

    return as_work()


def test_a_worker_that_takes_over_reports_the_whole(installation, monkeypatch):
    """The first process ends after some families; whoever goes on counts those as registered, not as known."""
    from workers import reception as worker

    monkeypatch.setattr(worker, "TURN", 0.0)
    monkeypatch.setattr(importing, "CHUNK", 1)
    already = person(given_names="Antes", external_id="A", source="OTRA")
    assert installation.ask(rows=[already]).exit_code == 0
    others = [person(given_names=name, surname_1=name, external_id=name) for name in ("Uno", "Dos", "Tres")]
    run_id = _ask(installation, already, *family(), *others)
    session.remove()
    _turns(worker)
    with installation_as_work():
        _go_on(run_id)
        session.remove()
    created = "SELECT created FROM import_run WHERE asked_by_id IS NOT NULL"
    _turns(worker, until=lambda: installation.one(created) == 3)
    worker._in_hand.clear()
    with installation_as_work():
        session.execute(sa.update(ImportRun).values(beat_at=ImportRun.beat_at - runs.SILENT_AFTER * 2))
        session.commit()
    _turns(worker)
    counts = installation.one(
        "SELECT concat_ws(' ', state, rows, created, existing, duplicates) FROM import_run "
        "WHERE asked_by_id IS NOT NULL"
    )
    assert counts == "DONE 7 6 1 0"
    assert installation.one("SELECT count(*) FROM person") == 7


def _turns(worker, until=lambda: False) -> None:
    """Turns of the task until nothing waits, or so far."""
    with installation_as_work():
        for _ in range(60):
            with access.acting_as(access.system("import")):
                worker.import_people.run()
                session.commit()
                session.remove()
            if not worker._in_hand or until():
                return
    raise AssertionError("the import never ended")
