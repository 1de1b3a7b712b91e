"""A narrative written, returned, approved by another, quoted figures that follow the releases; and the report of it."""

from __future__ import annotations

import json
from datetime import date

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from caseapp import create_app
from caseapp.commitments.annual import content, gathering, paper
from caseapp.core import access
from caseapp.core.db import session
from caseapp.publication import service as releases
from tests.client import CheckedClient
from tests.pdf_ua import keeps_to_pdf_ua
from tests.publication import made_up, test_revision
from tests.statements import count_statements

HERE = "/narratives/MEX/2025/1/ACHIEVEMENTS"
QUOTE = "{P1-00 2025 MEX}"
TEXTS = {
    "text_es": f"Se registró a {QUOTE} personas.\n\nFue un año difícil.",
    "text_en": f"{QUOTE} people were registered.",
}


@pytest.fixture
def house(committed_db):
    """Mexico with August released and September waiting; a steward of Guatemala; a client."""
    people, others = made_up.staff(), made_up.staff("GTM", "GT-ZZ9")
    made_up.journal(400, date(2025, 8, 1), date(2025, 9, 30)).write()
    made_up.count_now()
    made_up.release(people, "2025-08")
    waiting = releases.make("MEX", "2025-09", by=people.steward)
    application = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    application.test_client_class = CheckedClient
    return people, others, waiting, application.test_client()


def text_of(client, who, url):
    client.sign_in(who)
    return client.get(url).get_data(as_text=True)


def approve(release_id, by):
    session.remove()
    with access.acting_as(by):
        releases.approve(release_id, by=by)
        session.commit()
    session.remove()


def test_a_narrative_goes_from_one_person_to_another_and_follows_its_figures(house, committed_db):
    people, others, waiting, client = house
    client.sign_in(people.analyst)
    wrong = client.post(HERE, data={**TEXTS, "text_en": "Many people.", "do": "send"})
    assert wrong.status_code == 422 and "los dos idiomas" in wrong.get_data(as_text=True).lower()
    assert "Fue un año difícil" in wrong.get_data(as_text=True)  # nothing typed is lost
    typed = {key: value.replace("2025", "2031") for key, value in TEXTS.items()}
    assert "no está publicada" in client.post(HERE, data={**typed, "do": "send"}).get_data(as_text=True)
    assert client.post(HERE, data={**TEXTS, "do": "send"}).status_code == 302
    page = client.get(HERE).get_data(as_text=True)
    assert "quien escribe no aprueba" in page and "/figures/MEX/P1?period=2025" in page
    own = client.post(f"{HERE}/approve")
    assert own.status_code >= 400 and "Quien escribió" in own.get_data(as_text=True)

    client.sign_in(people.approver)
    assert client.post(f"{HERE}/return", data={"reason": ""}).status_code == 422
    assert client.post(f"{HERE}/return", data={"reason": "Diga de dónde."}).status_code == 302
    page = text_of(client, people.analyst, HERE)
    assert "Se devolvió: Diga de dónde." in page and "Fue un año difícil" in page
    assert client.post(HERE, data={**TEXTS, "do": "save"}).status_code == 302
    assert client.post(HERE, data={**TEXTS, "do": "send"}).status_code == 302
    client.sign_in(people.approver)
    assert client.post(f"{HERE}/approve").status_code == 302
    assert "cambió" not in client.get(HERE).get_data(as_text=True)

    # A stranger's country is not found; the board counts its statements whatever stands on it.
    client.sign_in(others.analyst)
    assert client.get(HERE).status_code == 404 and client.post(HERE, data=TEXTS).status_code == 404
    assert client.get("/narratives?country=MEX").status_code == 404

    approve(waiting, people.approver)
    page = text_of(client, people.analyst, HERE)
    assert "cambió" in page and "Una revisión cambió cifras citadas aquí" in page
    board = text_of(client, people.analyst, "/narratives?country=MEX&year=2025")
    assert "1 cifra cambió" in board and "aprobado" in board


def test_the_database_keeps_what_was_decided_and_who_decides(house, committed_db):
    people, others, _waiting, client = house
    client.sign_in(people.analyst)
    client.post(HERE, data={**TEXTS, "do": "send"})
    client.sign_in(people.approver)
    client.post(f"{HERE}/approve")
    change = sa.text("UPDATE narrative_version SET text_es = 'Otra cosa' RETURNING id")
    for who, statement, refused in (
        (people.analyst, change, False),
        (others.analyst, sa.text("SELECT id FROM narrative_version"), False),
        (people.analyst, sa.text(
            "INSERT INTO narrative_version (id, country, year, pillar, part, number, text_es, text_en, author_id, made_at) "
            "SELECT gen_random_uuid(), 'GTM', 2025, 1, 'CHALLENGES', 1, 'x', 'x', id, now() FROM user_account LIMIT 1"), True),
    ):  # fmt: skip
        session.remove()
        with access.acting_as(who):
            if refused:
                with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
                    session.execute(statement)
            else:
                assert session.execute(statement).all() == []
        session.remove()


def test_the_report_tells_it_on_paper_and_on_a_page(house, committed_db, tmp_path):
    people, others, _waiting, client = house
    client.sign_in(people.analyst)
    client.post(HERE, data={**TEXTS, "do": "send"})
    client.sign_in(people.approver)
    client.post(f"{HERE}/approve")
    url = "/reports/annual/MEX/2025"
    with count_statements() as statements:
        page = client.get(url).get_data(as_text=True)
    assert "Fue un año difícil" in page and "Informe anual 2025" in page and "P1-00" in page
    assert QUOTE not in page and len(statements) < 16
    answer = client.get(f"{url}.pdf")
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF-")
    keeps_to_pdf_ua(tmp_path / "page.pdf", answer.data)
    client.sign_in(others.analyst)
    assert client.get(url).status_code == 404
    # The region's shows every country's figures: it is for whoever reads them all.
    assert client.get("/reports/annual/regional/2025").status_code == 404
    assert client.get("/reports/annual/regional/2025.pdf").status_code == 404
    answer = client.post("/narratives/GTM/2025/1/ACHIEVEMENTS", data={**TEXTS, "do": "send"})
    assert answer.status_code == 422 and "no está publicada" in answer.get_data(as_text=True)
    [region] = made_up.members("MEX", "MX-ZZ8", "REGIONAL_ANALYST", team_type="REGIONAL_SECRETARIAT")
    client.sign_in(region)
    assert "P1-00" in client.get("/reports/annual/regional/2025").get_data(as_text=True)

    from caseapp.commitments.annual.commands import report

    out = tmp_path / "mex.pdf"
    arguments = ["annual", "--year", "2025", "--country", "mex", "--lang", "en", "--out", str(out), "--json"]
    done = CliRunner().invoke(report, arguments)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["chapters"] >= 2
    keeps_to_pdf_ua(out)
    arguments[4] = "regional"
    assert CliRunner().invoke(report, arguments).exit_code == 0
    keeps_to_pdf_ua(out)
    wrong = CliRunner().invoke(report, [*arguments[:4], "XXX", *arguments[5:]])
    assert wrong.exit_code == 1


def test_an_unknown_year_or_country_is_refused(committed_db):
    for year, country in ((2016, "MEX"), (2099, "MEX"), (2025, "USA")):
        with pytest.raises((gathering.YearNotKnown, gathering.CountryNotKnown)):
            gathering.must_exist(year, country)


def test_a_report_without_anything_is_still_a_report(committed_db):
    with create_app({"TESTING": True}).test_request_context("/?lang=en"), gathering.reading() as reader:
        made = content.report(gathering.known(reader, 2024, "BLZ"))
        assert made.chapters and paper.pdf(made).startswith(b"%PDF-")


def test_a_quote_says_that_a_revision_changed_it(house, committed_db):
    """The narrative quotes a month; a site had written late, the month is revised, and the value moves."""
    people, _others, waiting, client = house
    session.remove()
    with access.acting_as(people.approver):
        releases.refuse(waiting, "Primero la revisión de agosto.", by=people.approver)
        session.commit()
    session.remove()
    month = {key: text.replace("2025 MEX", "2025-08 MEX") for key, text in TEXTS.items()}
    client.sign_in(people.analyst)
    client.post(HERE, data={**month, "do": "send"})
    client.sign_in(people.approver)
    assert client.post(f"{HERE}/approve").status_code == 302
    before = client.get(HERE).get_data(as_text=True)
    assert "Una revisión cambió" not in before
    test_revision.add_late()
    session.remove()
    test_revision.revised(people)
    session.remove()
    page = text_of(client, people.analyst, HERE)
    assert "Una revisión cambió cifras citadas aquí" in page and "/figures/MEX/P1?period=2025-08" in page
    report = client.get("/reports/annual/MEX/2025").get_data(as_text=True)
    assert "Una revisión cambió cifras citadas después de aprobarse el texto: P1-00 2025-08" in report
    # Written and approved again, it quotes the revised value and says nothing more.
    client.post(HERE, data={**month, "do": "send"})
    client.sign_in(people.approver)
    assert client.post(f"{HERE}/approve").status_code == 302
    assert "Una revisión cambió" not in client.get(HERE).get_data(as_text=True)
