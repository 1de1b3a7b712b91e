"""An indicator's page, its files and its pictures, on one released country that is only read."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

import openpyxl
import pytest
import sqlalchemy as sa

from caseapp import create_app
from caseapp.core import db as core_db
from caseapp.indicators import catalogue
from caseapp.publication import beside, present, series, telling
from caseapp.publication.pictures import making, waiting
from caseapp.publication.views.figures import pillars
from tests.client import CheckedClient
from tests.statements import count_statements

URL = "/figures/MEX/P1/P1-00"


@pytest.fixture
def house(opened):
    """Mexico's August and September, with the pictures of the first two indicators; an application and its client."""
    application = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    application.test_client_class = CheckedClient
    with core_db.connect("figures") as connection:
        is_drawn = connection.scalar(sa.text("SELECT count(*) FROM released.picture"))
    with application.app_context():
        assert is_drawn or waiting.make_waiting(2) == 2
    client = application.test_client()
    client.sign_in(opened.people.analyst)
    return opened, application, client


def text(client, url):
    return client.get(url).get_data(as_text=True)


def test_the_page_says_what_the_numbers_allow(house):
    _, _, client = house
    page = text(client, URL)
    assert "Personas registradas en Acogida, cada una contada una vez" in page
    assert "Informaron 3 de 3 sedes" in page and "hasta en 10" in page and "0 puede ser de 0 a 4" in page
    assert "septiembre de 2025" in page and "agosto de 2025" in page and "Por sexo" in page
    # Neither month is surely more than the other, so the title does not say that it is.
    assert "sin cambio que pueda afirmarse desde agosto de 2025" in page
    assert "Ninguna publicación ha corregido lo publicado" in page
    quarter = text(client, f"{URL}?period=2025-Q3")
    assert "hasta en 15" in quarter and "julio a septiembre de 2025" in quarter
    assert "2025, hasta septiembre" in text(client, f"{URL}?period=2025")
    assert "Nada publicado para ese periodo" in text(client, f"{URL}?period=2024-01")
    for wrong in ("/figures/MEX/P2/P1-00", "/figures/MEX/P1/P1-99", "/figures/GTM/P1/P1-00"):
        assert client.get(wrong).status_code == 404


def test_a_year_to_date_is_set_against_no_whole_one(house):
    """«Bajó de … en 2024 a … en 2025, hasta agosto» is what no heading, no picture and no small line may say."""
    with core_db.connect("figures") as connection:
        own = series.series(connection, "MEX", ["P1-00"])["P1-00"]
    (year,) = series.of_kind(own, "YEAR")
    assert not year.is_whole and year.point.ground.through == "2025-09"
    whole = {"reporting": 3, "expected": 3, "covered": "COMPLETE", "is_whole": True, "value": Decimal(900)}
    told = [replace(year, period=f"{n}", release_period=f"{n}-12", **whole) for n in (2022, 2023, 2024)]
    told.append(replace(year, **whole | {"is_whole": False, "value": Decimal(100)}))
    one = making.Asked(year.release_id, "MEX", "2025-09", catalogue.get("P1-00"), told, [])
    with house[1].test_request_context():
        assert telling.series(one.indicator, told).endswith("100 personas en 2025, hasta septiembre")
        drawn = making._line(one)
        assert (
            drawn.title.endswith("100 personas en 2025, hasta septiembre")
            and "periodo incompleto" in drawn.foot
        )
        assert [mark.is_ours for mark in drawn.marks] == [False, False, False, True]
        assert [line.count(",") for line in present.spark(told).lines] == [3, 1]
        assert "bajó" in telling.series(
            one.indicator, [told[0], replace(told[3], is_whole=True, release_period="2025-12")]
        )


def test_recognition_never_stands_without_what_was_closed_otherwise(house):
    opened, application, client = house
    for code in ("P1-11", "P1-12"):
        page = text(client, f"/figures/MEX/P1/{code}")
        assert "Solicitudes cerradas por otro motivo:" in page and "/figures/MEX/P1/P1-13?period=" in page
        rows = list(csv.DictReader(io.StringIO(text(client, f"/figures/MEX/P1/{code}.csv").lstrip("\ufeff"))))
        told = {(row["indicator"], row["period"]) for row in rows}
        assert (
            {period for one, period in told if one == code}
            == {period for one, period in told if one == "P1-13"}
            != set()
        )
        book = openpyxl.load_workbook(io.BytesIO(client.get(f"/figures/MEX/P1/{code}.xlsx").data))
        assert any("cerradas por otro motivo" in str(row[1].value) for row in book.worksheets[1].iter_rows())
        with core_db.connect("figures") as connection, application.test_request_context():
            one = making.asked(connection, opened.releases[1], "MEX", "2025-09", code)
            assert "Solicitudes cerradas por otro motivo:" in making._line(one).foot
    assert "cerradas por otro motivo" not in text(client, URL)
    with core_db.connect("figures") as connection:
        rows = series.rows_of(connection, opened.releases[1], "P1-11", "2025-09")
        others = beside.rows(connection, rows)
        assert {beside.key(row, "P1-13") for row in rows} == set(others) and beside.rows(connection, []) == {}


def test_the_files_hold_what_the_page_shows(house):
    _, _, client = house
    rows = list(csv.DictReader(io.StringIO(text(client, f"{URL}.csv").lstrip("\ufeff"))))
    totals = [row for row in rows if row["place_level"] == "COUNTRY" and row["sex"] == row["age_band"] == row["origin"] == "T" and row["household_type"] == "T"]  # fmt: skip
    assert [row["period"] for row in totals] == ["2025-08", "2025-09"]
    assert {row["period"] for row in rows if row not in totals} == {"2025-09"}
    tagged = list(csv.reader(io.StringIO(text(client, f"{URL}.hxl"))))
    assert (
        tagged[0][0] == "indicator"
        and tagged[1][0] == "#indicator+code"
        and all(tag.startswith("#") for tag in tagged[1])
    )
    assert len(tagged) == len(rows) + 2
    answer = client.get(f"{URL}.xlsx").get_data()
    assert answer == client.get(f"{URL}.xlsx").get_data()
    book = openpyxl.load_workbook(io.BytesIO(answer))
    data, notes = book.worksheets
    assert data.max_row == len(rows) + 1
    told = {row[0].value: row[1].value for row in notes.iter_rows()}
    assert "3 de 3" in told["Cobertura"] and "0 puede ser de 0 a 4" in told["Protección"]
    value = [cell.value for cell in data[1]].index("value") + 1
    assert data.cell(2, value).value == int(totals[0]["value"])


def test_pictures_are_drawn_once_of_what_is_approved_in_both_languages(house):
    found, application, client = house
    with core_db.connect("figures") as connection:
        rows = connection.execute(sa.text("SELECT * FROM released.picture WHERE indicator = 'P1-00'")).all()
    kinds = {(row.kind, row.language, row.format) for row in rows}
    assert kinds == {
        (k, lang, f) for k in ("SERIES", "PARTS") for lang in ("es", "en") for f in ("svg", "png")
    }
    for row in rows:
        assert sha256(bytes(row.content)).hexdigest() == row.sha256 and row.release_id == found.releases[1]
    spoken = {row.language: row for row in rows if row.kind == "SERIES" and row.format == "svg"}
    svg = bytes(spoken["en"].content).decode()
    assert f'<title id="title">{spoken["en"].title}</title>' in svg and "<desc" in svg and "2026" not in svg
    assert "Persons registered" in svg and "Personas registradas" in bytes(spoken["es"].content).decode()
    # The page shows them with their words; a picture that is not drawn leads to its table.
    page = text(client, URL)
    url = f"{URL}/{found.releases[1]}-series.svg"
    assert url in page and spoken["es"].title in page and "Una línea con un punto por periodo" in page
    answer = client.get(f"{url}?lang=es")
    assert answer.mimetype == "image/svg+xml" and answer.get_data() == bytes(spoken["es"].content)
    again = client.get(f"{url}?lang=es", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(f"/figures/MEX/P2/P2-03/{found.releases[1]}-series.svg").status_code == 302
    # Drawing the same figures again gives the same bytes.
    with application.app_context(), core_db.connect("facts") as connection:
        asked = making.asked(connection, found.releases[1], "MEX", "2025-09", "P1-00")
        for one in making.pictures(asked):
            same = next(row for row in rows if (row.kind, row.language, row.format) == (one["kind"], one["language"], one["format"]))  # fmt: skip
            assert same.sha256 == one["sha256"]


def test_flow_divides_only_what_is_of_the_same_people(house):
    _, _, client = house
    page = text(client, "/figures/MEX/flow")
    assert "julio a septiembre de 2025" in page and "Personas registradas" in page and "No se dividen" in page
    rows = list(
        csv.DictReader(io.StringIO(text(client, "/figures/MEX/flow.csv?period=2025-09").lstrip("\ufeff")))
    )
    stages = {row["stage"]: row for row in rows if row["indicator"] in ("P1-00", "P2-03")}
    assert stages["ARRIVAL"]["value"] and {row["period"] for row in rows} == {"2025-09"}
    share = next(row for row in rows if row["indicator"] == "P1-03")
    lost = int(share["denominator"]) - int(share["numerator"])
    assert f"De {share['denominator']}: {share['numerator']} sí, {lost} no." in text(
        client, "/figures/MEX/flow?period=2025-09"
    )
    assert "Nada publicado para ese periodo" in text(client, "/figures/MEX/flow?period=2031-01")
    for url in ("/figures/GTM/flow", "/figures/GTM/unmet", "/figures/GTM/flow.csv"):
        assert client.get(url).status_code == 404


def test_unmet_need_by_service_adds_up_to_the_published_whole(house):
    _, _, client = house
    page = text(client, "/figures/MEX/unmet")
    assert "Alojamiento" in page and "no se publica" in page
    rows = list(
        csv.DictReader(io.StringIO(text(client, "/figures/MEX/unmet.csv?period=2025-Q3").lstrip("\ufeff")))
    )
    with core_db.connect("figures") as connection:
        whole = connection.execute(
            sa.text(
                "SELECT numerator, denominator FROM released.figure f JOIN released.release r ON r.id = f.release_id "
                "WHERE f.indicator = 'P2-05' AND f.period = '2025-Q3' AND f.sex = 'T' AND f.place_level = 'COUNTRY' "
                "AND r.period = '2025-09'"
            )
        ).one()
    # Services and sites divide the same published referrals, each by itself.
    assert "Por sede que refirió" in page and "MX-TAP" in page
    sites = [row for row in rows if row["sector"] == "T"]
    assert len({row["place"] for row in sites}) == len(sites) >= 3
    for part in (sites, [row for row in rows if row["sector"] != "T"]):
        assert sum(int(row["due"]) for row in part) == whole.denominator
        assert sum(int(row["no_capacity"]) for row in part) == whole.numerator
    tags = text(client, "/figures/MEX/unmet.hxl").splitlines()[1]
    assert tags.startswith("#sector+code,#date+period,#loc+code")


def test_no_role_changes_or_forges_a_picture(house):
    for role, statement in (
        ("facts", "UPDATE released.picture SET title = 'otra'"), ("facts", "DELETE FROM released.picture"),
        ("figures", "INSERT INTO released.picture SELECT * FROM released.picture"), ("app", "SELECT FROM released.picture"),
        ("facts", "INSERT INTO released.picture SELECT release_id, 'P9-99', kind, language, format, period, title, description, repeat('0', 64), content FROM released.picture LIMIT 1"),
    ):  # fmt: skip
        with pytest.raises(sa.exc.DBAPIError), core_db.engine(role).begin() as connection:
            connection.execute(sa.text(statement))


def test_a_page_costs_the_same_whatever_the_rows(house):
    _, _, client = house
    client.get(URL)
    with count_statements() as whole:
        client.get(URL)
    with count_statements() as small:
        client.get("/figures/MEX/P4/P4-06")
    assert len(whole) == len(small) <= 14
    assert pillars()[0] == "P1"
