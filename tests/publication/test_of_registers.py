"""Figures of registers of institutions: what may be said, what is counted by hand, and that a kept month never changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from caseapp import create_app
from caseapp.commitments.annual import content, gathering
from caseapp.core import db as core_db
from caseapp.publication.of_registers import freezing, reading, rules
from caseapp.publication.of_registers.rules import Counted, Status, Told
from tests.client import CheckedClient
from tests.publication import made_up

END, KNOWN = date(2025, 10, 31), datetime(2025, 11, 10, tzinfo=UTC)


# -- rules --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("counted", "told"),
    [
        ((4, 40, 40, 10), (Status.FEW_SITES, None, None)), ((5, 50, 50, 10), (Status.PUBLISHED, 5, 100)),
        ((5, 50, 0, 10), (Status.PUBLISHED, 5, 0)), ((9, 100, 51, 51), (Status.ONE_DOMINATES, 9, None)),
        ((9, 100, 50, 50), (Status.PUBLISHED, 9, 50)), ((9, 1000, 724, 100), (Status.PUBLISHED, 9, 70)),
        ((9, 1000, 725, 100), (Status.PUBLISHED, 9, 75)), ((0, 0, 0, 0), (Status.FEW_SITES, None, None)),
    ],
)  # fmt: skip
def test_few_sites_and_one_that_dominates_give_no_share_and_shares_come_in_steps(counted, told):
    facilities, *beds = counted
    assert rules.told(Counted(facilities, *map(Decimal, beds))) == Told(*told)


def test_months_are_due_on_the_tenth_of_the_next():
    assert rules.due(datetime(2025, 11, 23, 18, tzinfo=UTC))[:2] == ["2025-10", "2025-09"]
    assert rules.due(datetime(2025, 11, 9, 23, 59, tzinfo=UTC))[0] == "2025-09"
    assert rules.due(datetime(2026, 1, 10, tzinfo=UTC))[0] == "2025-12"
    assert len(rules.due(datetime(2025, 11, 23, tzinfo=UTC))) == rules.MONTHS_BACK
    assert rules.last_day("2025-12") == date(2025, 12, 31) and rules.last_day("2024-02") == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("period", "month"),
    [("2025-10", "2025-10"), ("2025-Q3", "2025-09"), ("2025", "2025-12"), ("MIRPS-2025", "2025-10")],
)
def test_the_last_month_of_a_period(period, month):
    assert reading.last_month(period) == month


# -- counted by hand ----------------------------------------------------------------------------------
class Country:
    """Shelters of a country, written as the owner."""

    def __init__(self, iso3="MEX", iso2="MX"):
        self.iso3, self.iso2, self.number = iso3, iso2, 0
        self.commission = self.team(None, "COMMISSION_STATISTICS")

    def write(self, table, **values):
        given = {"id": core_db.uuid7(), **values}
        columns, marks = ", ".join(given), ", ".join(f":{name}" for name in given)
        with core_db.connect("owner") as connection:
            connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), given)
        return given["id"]

    def site(self, kind="SHELTER"):
        self.number += 1
        return self.write(
            "site", code=f"{self.iso2}-Y{self.number:02d}", country=self.iso3, kind=kind, name="Albergue", sort_key="a",
            timezone="America/Mexico_City",
        )  # fmt: skip

    def team(self, site, type):
        self.number += 1
        return self.write(
            "team", code=f"{self.iso2}-T{self.number:02d}", type=type, country=self.iso3, site_id=site, name="Equipo", sort_key="e",
        )  # fmt: skip

    def room(self, team, site, code, beds, area=None, kind="BED"):
        unit = self.write(
            "unit", site_id=site, team_id=team, code=code, name=code, sort_key=code, takes="MEN", one_household=False, area_m2=area,
        )  # fmt: skip
        for n in range(beds):
            self.write(
                "place", unit_id=unit, team_id=team, code=f"{code}-{n}", kind=kind, opened_on=date(2025, 1, 1)
            )
        return unit

    def shelter(self, *rooms, word=None, kind="SHELTER"):
        """A shelter kept here: rooms of (beds, square metres), and the night of its last word."""
        site = self.site(kind)
        team = self.team(site, "SHELTER")
        units = [self.room(team, site, f"R{n}", *room) for n, room in enumerate(rooms)]
        if word:
            self.write(
                "capacity_word", team_id=team, said_at=datetime(word.year, word.month, word.day, 20, tzinfo=UTC), night=word,
                free=1, out=0, leaving=0, shown_free=1,
            )  # fmt: skip
        return units

    def report(self, beds, on, site=None, entered=None, **values):
        """A shelter elsewhere reports."""
        site = site or self.site()
        self.write(
            "network_capacity", country=self.iso3, team_id=self.commission, site_id=site, reported_on=on, beds=beds, usable=beds,
            entered_at=entered or datetime(2025, 11, 1, tzinfo=UTC), **values,
        )  # fmt: skip
        return site


def counted(country="MEX", day=END, known=KNOWN):
    with core_db.connect("facts") as connection:
        rows = connection.execute(freezing._COUNTED, {"country": country, "day": day, "known": known})
        return {(r.indicator, r.standard): (r.facilities, r.whole, r.part, r.largest) for r in rows}


def test_beds_reported_by_hand(committed_db):
    mexico = Country()
    mexico.shelter((10,), word=date(2025, 10, 25))  # the first night of the seven
    mexico.shelter((20,), word=date(2025, 10, 24))  # a night too early
    mexico.shelter((7,), (3,), word=date(2025, 11, 1))  # after the month
    mexico.shelter((500,), word=END, kind="SAFE_HOUSE")  # of safe houses nothing is said
    mexico.report(30, END)
    late = mexico.report(40, date(2025, 10, 24))
    mexico.report(41, date(2025, 11, 2), late)  # what is said after the month is not in it
    mexico.report(99, END, entered=KNOWN)  # nor what was entered after the cut-off
    mexico.report(8, END, withdrawn_at=datetime(2025, 11, 5, tzinfo=UTC))
    mexico.report(5, END, withdrawn_at=datetime(2025, 11, 20, tzinfo=UTC))  # stood at the cut-off
    # 10 + 20 + 10 + 30 + 40 + 5 registered; 10 + 30 + 5 reported.
    assert counted()["P5-05", ""] == (6, 115, 45, 40)
    assert counted("HND") == {}


def test_overflow_and_closed_places_are_no_beds_and_a_shelter_that_comes_in_is_counted_once(committed_db):
    mexico = Country()
    (room,) = mexico.shelter((10,))
    with core_db.connect("owner") as connection:
        one = "(SELECT id FROM place WHERE unit_id = :unit ORDER BY id LIMIT 1)"
        connection.execute(
            sa.text(f"UPDATE place SET closed_on = '2025-10-30' WHERE id = {one}"), {"unit": room}
        )
    site = mexico.report(50, END)
    assert counted()["P5-05", ""] == (2, 59, 50, 50)
    mexico.room(mexico.team(site, "SHELTER"), site, "N", 12)
    assert counted()["P5-05", ""] == (2, 21, 0, 12)


def test_space_by_hand_under_both_standards(committed_db):
    mexico = Country()
    mexico.shelter((4, 16), (2, 8))  # 4 m² each: meets both
    mexico.shelter((4, 14))  # 3.5: Sphere alone
    mexico.shelter((4, Decimal("13.99")))  # neither
    mexico.shelter((4, 40), (4, 13))  # one room fails
    mexico.shelter((4, 40), (4, None))  # not all measured: not assessed
    (wide,) = mexico.shelter((4, 16))
    with core_db.connect("owner") as connection:
        team = connection.scalar(sa.text("SELECT team_id FROM unit WHERE id = :id"), {"id": wide})
    mexico.write("place", unit_id=wide, team_id=team, code="CUNA", kind="COT", opened_on=date(2025, 1, 1))
    found = counted()
    assert found["P1-23", "SPHERE"][:3] == (5, 5, 3) and found["P1-23", "EUAA"][:3] == (5, 5, 2)


# -- kept ---------------------------------------------------------------------------------------------
def rows(statement, role="figures"):
    with core_db.connect(role) as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


KEPT = "SELECT country, indicator, month, standard, status, facilities, share FROM released.register_figure ORDER BY 1, 2, 3, 4"


@pytest.fixture
def kept(committed_db):
    """Mexico with six shelters, Honduras with one; October is due."""
    mexico, honduras = Country(), Country("HND", "HN")
    for word in (END, END, END, None, None):
        mexico.shelter((10, 40), word=word)
    site = mexico.report(10, END)
    honduras.shelter((4, 20), word=END)
    assert freezing.freeze() > 0
    return mexico, site


def test_a_kept_month_is_counted_once_and_never_changes(kept):
    mexico, site = kept
    before = rows(KEPT)
    october = [row for row in before if row[2] == "2025-10"]
    assert october == [
        ("HND", "P1-23", "2025-10", "EUAA", "FEW_SITES", None, None),
        ("HND", "P1-23", "2025-10", "SPHERE", "FEW_SITES", None, None),
        ("HND", "P5-05", "2025-10", "", "FEW_SITES", None, None),
        ("MEX", "P1-23", "2025-10", "EUAA", "PUBLISHED", 5, 100),
        ("MEX", "P1-23", "2025-10", "SPHERE", "PUBLISHED", 5, 100),
        ("MEX", "P5-05", "2025-10", "", "PUBLISHED", 6, 65),
    ]
    # Earlier months: the words of then; rooms are kept as they are, so space is counted for the newest alone.
    assert {row[1] for row in before if row[2] < "2025-10"} == {"P5-05"}
    mexico.report(1000, date(2025, 10, 30), site)
    with core_db.connect("owner") as connection:
        connection.execute(sa.text("UPDATE unit SET area_m2 = 1"))
    assert freezing.freeze() == 0 and rows(KEPT) == before
    # What is counted again of October, as of the cut-off, is the same: a correction after it changes nothing.
    assert counted()["P5-05", ""] == (6, 60, 40, 10)


@pytest.mark.parametrize("role", ["facts", "figures", "app", "work"])
@pytest.mark.parametrize(
    "verb", ["UPDATE released.register_figure SET share = 5", "DELETE FROM released.register_figure"]
)
def test_no_role_changes_what_is_kept(kept, role, verb):
    with pytest.raises(DBAPIError, match="permission denied"):
        rows(verb, role)


@pytest.mark.parametrize("role", ["app", "work", "figures"])
def test_no_other_role_counts_sites(committed_db, role):
    with pytest.raises(DBAPIError, match="permission denied"):
        rows("SELECT * FROM figures_of_registers('MEX', current_date, now())", role)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ("'ONE_DOMINATES', 4, NULL", "no_few_sites"), ("'FEW_SITES', 5, NULL", "few_told"), ("'PUBLISHED', 5, NULL", "share_told"),
        ("'ONE_DOMINATES', 5, 50", "share_told"), ("'PUBLISHED', 5, 51", "share_in_steps"), ("'NO', 5, NULL", "status_known"),
    ],
)  # fmt: skip
def test_the_table_keeps_nothing_that_may_not_be_said(committed_db, values, constraint):
    with pytest.raises(DBAPIError, match=constraint):
        rows(
            f"INSERT INTO released.register_figure VALUES ('MEX', 'P5-05', '2025-10', '', {values}, now(), now())",
            "facts",
        )


def test_the_annual_report_tells_them_and_who_enrolled(kept):
    mexico, _site = kept
    project = mexico.write(
        "joint_project", country="MEX", team_id=mexico.commission, code="BECAS", kind="PROGRAMME", name_es="Becas", name_en="Grants",
        place="MX07089", starts_on=date(2025, 1, 1), entered_at=KNOWN,
    )  # fmt: skip
    for sex, heads in (("F", 40), ("M", None)):
        mexico.write(
            "programme_enrolment", country="MEX", team_id=mexico.commission, project_id=project, period="2025-Q1",
            starts_on=date(2025, 1, 1), ends_on=date(2025, 3, 31), sex=sex, enrolled=heads, source="Ministerio", entered_at=KNOWN,
        )  # fmt: skip
    with create_app({"TESTING": True}).test_request_context("/?lang=es"), gathering.reading() as reader:
        report = content.report(gathering.known(reader, 2025, "MEX"))
        region = content.report(gathering.known(reader, 2025, "regional"))
    cells = {part.title: part.rows for chapter in report.chapters for part in chapter.parts if part.rows}
    assert cells["Inscripciones en programas de otras instituciones"] == (("Becas", "2025-Q1", "de 40 a 44"),)
    told = [
        row
        for chapter in report.chapters
        for part in chapter.parts
        if part.title == "De registros de instituciones"
        for row in part.rows
    ]
    assert [(row[0][:5], *row[2:]) for row in told] == [
        ("P1-23", "100 %", "5"),
        ("P1-23", "100 %", "5"),
        ("P5-05", "65 %", "6"),
    ]
    assert "menos de 5 albergues" in str(region) and "Honduras" in str(region)


def test_the_figures_pages_tell_them_also_before_the_first_release(kept):
    (analyst,) = made_up.members("MEX", "MX-ZZ8", "COMMISSION_ANALYST")
    application = create_app({"TESTING": True})
    application.test_client_class = CheckedClient
    client = application.test_client()
    client.sign_in(analyst)

    def text(url):
        answer = client.get(url)
        assert answer.status_code == 200, url
        return answer.get_data(as_text=True)

    cooperation, reception = text("/figures/MEX/P5"), text("/figures/MEX/P1")
    assert "65 %" in cooperation and "octubre de 2025" in cooperation and "siete días" in cooperation
    assert "Esfera" in reception and "EUAA" in reception and "100 %" in reception
    assert "De registros de instituciones" not in text("/figures/MEX/P2")
    lines = text("/figures/MEX/registers.csv").splitlines()
    assert (
        lines[0].lstrip("\ufeff")
        == "indicator,unit,period,place_level,place,standard,facilities,value,status"
    )
    assert "P5-05,PERCENT,2025-10,COUNTRY,MEX,,6,65,PUBLISHED" in lines and not any(
        "HND" in line for line in lines
    )
    assert client.get("/figures/HND/registers.csv").status_code == 404
