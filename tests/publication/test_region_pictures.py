"""Pictures of the countries side by side: drawn of approved releases, anew when a country publishes another."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from caseapp import create_app
from caseapp.commitments.annual import content, gathering, paper
from caseapp.core import db as core_db
from caseapp.indicators import catalogue
from caseapp.publication.editions import Edition, Editions
from caseapp.publication.pictures import drawing, regional
from caseapp.publication.queries import Offered
from caseapp.publication.regional import Region
from tests.pdf_ua import keeps_to_pdf_ua
from tests.publication import made_up

DRAWN = "SELECT indicator, language, title, convert_from(content, 'UTF8') FROM released.region_picture ORDER BY 1, 2"


def rows(statement, role="figures"):
    with core_db.connect(role) as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


@pytest.fixture
def house(committed_db):
    """August of Mexico (200 persons) and of Costa Rica (60), in a release each; Mexico's September waits."""
    mexico, costa_rica = made_up.staff(), made_up.staff("CRI", "CR-ZZ9")
    made_up.journal(200, date(2025, 8, 1), date(2025, 9, 30)).write()
    made_up.journal(60, date(2025, 8, 1), date(2025, 9, 30), country="CRI", sites=("CR-UPA",)).write()
    made_up.count_now()
    made_up.release(mexico, "2025-08")
    application = create_app({"TESTING": True})
    with application.app_context():
        yield mexico, costa_rica


def test_the_countries_stand_side_by_side_and_in_the_regions_report(house, tmp_path):
    mexico, costa_rica = house
    # One country alone is no comparison; that is remembered, and nothing is tried again.
    assert (regional.make_waiting(), rows(DRAWN)) == (0, [])
    assert rows("SELECT period FROM released.region_drawing", "facts") == [("2025",)]
    made_up.release(costa_rica, "2025-08", country="CRI")
    assert regional.make_waiting() > 0
    found = {(code, language): (title, svg) for code, language, title, svg in rows(DRAWN)}
    title, svg = found["P1-00", "es"]
    assert "por país: de" in title and "(México)" in title and "(Costa Rica)" in title
    assert "<title" in svg and "Costa Rica" in svg and "Mexico" in found["P1-00", "en"][1]
    # Drawn once; the same figures give the same bytes; another release, and it is drawn anew.
    assert regional.make_waiting() == 0 and dict(found) == {
        (code, language): (one, other) for code, language, one, other in rows(DRAWN)
    }
    made_up.release(mexico, "2025-09")
    # Until it is, the report shows none: its figures are newer than they.
    with gathering.reading() as reader:
        assert gathering.known(reader, 2025, "regional").pictures == []
    # Mexico's year goes to September and Costa Rica's to August: nothing stands side by side until both do.
    assert (regional.make_waiting(), rows(DRAWN)) == (0, [])
    made_up.release(costa_rica, "2025-09", country="CRI")
    assert regional.make_waiting() > 0
    assert {(code, language): (one, other) for code, language, one, other in rows(DRAWN)} != found

    with gathering.reading() as reader:
        known = gathering.known(reader, 2025, "regional")
        own = gathering.known(reader, 2025, "MEX")
    report = content.report(known)
    pictures = [part for chapter in report.chapters for part in chapter.parts if part.kind == "picture"]
    assert pictures[0].caption.startswith("P1-00") and pictures[0].alt and own.pictures == []
    keeps_to_pdf_ua(tmp_path / "region.pdf", paper.pdf(report))


def test_what_the_database_keeps_of_them(house):
    for role, statement, error in (
        ("figures", "DELETE FROM released.region_picture", ProgrammingError),
        ("app", "SELECT FROM released.region_picture", ProgrammingError),
        ("figures", "DELETE FROM released.region_drawing", ProgrammingError),
        ("facts", "INSERT INTO released.region_picture VALUES ('2025', 'P1-00', 'es', 't', 'd', 'x', 'y')", IntegrityError),
        ("facts", "INSERT INTO released.region_picture VALUES ('2025', 'P1-00', 'fr', 't', 'd', encode(sha256('y'), 'hex'), 'y')", IntegrityError),
        ("facts", "INSERT INTO released.region_picture VALUES ('2025-08', 'P1-00', 'es', 't', 'd', encode(sha256('y'), 'hex'), 'y')", IntegrityError),
    ):  # fmt: skip
        with pytest.raises(error), core_db.connect(role) as connection:
            connection.execute(sa.text(statement))


def side_by_side(**told):
    """Guatemala has published nothing; the others a value of 2025 from January to the last of so many months."""
    made, released, figures = [], {}, {}
    for code, (value, months) in told.items():
        for month in range(1, months + 1):
            made.append(Edition(uuid4(), code, f"{code}-2025-{month:02d}", f"2025-{month:02d}", 0, None))
        released[code] = Offered(code, "2025", made[-1].id, made[-1].period, {"P1-00": [{"version": catalogue.get("P1-00").version}]})  # fmt: skip
        figures["P1-00", code] = SimpleNamespace(
            value=value, unit="PERSONS", status="PUBLISHED", cube="arrivals"
        )
    return Region("P1", "2025", ["2025"], ["GTM", *told], released, figures, {}, Editions(tuple(made)))


def test_countries_that_sum_other_months_are_set_against_nothing(house):
    here = side_by_side(CRI=(10, 9), HND=(4, 8), MEX=(90, 9), PAN=(300, 12))
    drawn = regional.drawn_of(here, catalogue.get("P1-00"))
    # Panama's twelve months are more than anybody's nine, and Honduras's eight are less: neither is said.
    assert drawn.title.endswith("2025, hasta septiembre, por país: de 10 (Costa Rica) a 90 (México)")
    assert [(mark.label, mark.is_ours) for mark in drawn.marks] == [("México", True), ("Costa Rica", True), ("Panamá", False), ("Honduras", False), ("Guatemala", False)]  # fmt: skip
    assert (
        "4 (hasta agosto)" in drawn.description
        and "300 (todo el periodo)" in drawn.description
        and "suma otros meses" in drawn.foot
    )
    assert regional._is_worth(here, catalogue.get("P1-00")) and not here.is_even
    assert not regional._is_worth(side_by_side(MEX=(90, 9), HND=(4, 8)), catalogue.get("P1-00"))
    assert side_by_side(MEX=(90, 9), CRI=(4, 9)).is_even
    # Of as many countries those that go furthest; which months a country sums stands at its figure.
    assert side_by_side(MEX=(90, 9), HND=(4, 8)).compared(["HND", "MEX"]) == ["MEX"]
    assert (
        here.notes(catalogue.get("P1-00"), "HND") == "hasta agosto"
        and here.notes(catalogue.get("P1-00"), "PAN") == ""
    )


def test_recognition_stands_beside_what_was_closed_otherwise(house):
    here = side_by_side(MEX=(40, 12), CRI=(10, 12))
    rate = {"unit": "PERCENT", "status": "PUBLISHED", "cube": "claim_endings"}
    for code, values in (("P1-11", (61.5, 40)), ("P1-13", (58, 70))):
        here.rows.update(
            {
                (code, each): SimpleNamespace(value=value, **rate)
                for each, value in zip(("MEX", "CRI"), values, strict=True)
            }
        )
    here.released["MEX"].definitions["P1-11"] = here.released["CRI"].definitions["P1-11"] = [{"version": 1}]
    assert here.notes(catalogue.get("P1-11"), "MEX") == "Solicitudes cerradas por otro motivo: 58 %"
    foot = regional.drawn_of(here, catalogue.get("P1-11")).foot
    assert (
        "México, Solicitudes cerradas por otro motivo: 58 %" in foot
        and "Costa Rica, Solicitudes cerradas por otro motivo: 70 %" in foot
    )


def test_a_country_without_a_figure_says_why_and_is_no_bar(house):
    """Guatemala has published nothing: it stands at the end without a bar."""

    drawn = regional.drawn_of(side_by_side(MEX=(40, 12), CRI=(10, 12)), catalogue.get("P1-00"))
    assert [(mark.label, mark.value) for mark in drawn.marks] == [("México", 40.0), ("Costa Rica", 10.0), ("Guatemala", None)]  # fmt: skip
    assert "sin publicación" in drawn.description and drawing.bars(drawn)["svg"]
