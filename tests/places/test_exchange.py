"""The directory out to an HSDS data package and in again; a plain table by a map; what is refused and why."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import frictionless
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from caseapp.core.db import session
from caseapp.places import commands
from caseapp.places.exchange import listing, package, reading, tables, writing
from caseapp.places.models import DirectoryChange, Organisation, OrganisationName, Service, ServiceHours, Site
from caseapp.places.rules import updating
from caseapp.places.rules.entry import Directory, Group, Offer, Spot, known_id, made_id

ROOT = Path(__file__).resolve().parents[2]
MAP = ROOT / "config" / "reference" / "maps" / "jordan2014.yml"
SHARED = ROOT.parent / "shared" / "reference"
JORDAN = SHARED / "referral_directory_jordan2014.csv"
G, S, A, B = (made_id("test", x) for x in "GSAB")
EVERYTHING = Directory(
    (Group(G, "MEX", "RED", "Red Jacinto", "NGO", ("La Red", "RJ"), "Una red", "https://red.example"),),
    (Spot(S, "MX-RJA", "MEX", "HEALTH", "Clínica Río", "America/Mexico_City", G, "MX07", "MX07089", "14.91000", "-92.26000",
          "Calle Invento 12", "Frente al árbol", "962 000 0000"),),
    tuple(sorted((
        Offer(
            A, S, "HEALTH", "Consulta, «general»", "PHONE", "De lunes\na viernes", 0, 17, "Con cita", 48, "PART", "20 pesos", False,
            "2025-01-01", "2026-12-31", "2025-11-20T18:00:00+00:00", "lista", "7|x",
            (("ACCESSIBILITY", "STEP_FREE"), ("AREA", "MX07"), ("DOCUMENT", "ID"), ("HOUSEHOLD", "FAMILY"), ("POPULATION", "IDP"),
             ("SEX", "F")),
            ("mam", "spa"), ((1, "08:00", "12:00"), (1, "14:00", "17:00"), (5, "22:00", "06:00")),
            (("2025-12-20", "2026-01-06", "SEASON"),),
            (("PERSON", "Recepción", "962 1", "citas@red.example"), ("DUTY", None, "962 2", None)),
            (("APPOINTMENT", 4, 10, "2025-11-23T18:00:00+00:00"), ("KIT", 7, None, "2025-11-23T18:00:00+00:00")),
        ),
        Offer(B, S, "FOOD", "Comedor", "WALK_IN", always_open=True),
    ), key=lambda o: o.id)),
)  # fmt: skip


def read_back(content: bytes, country=None, timezone=None):
    return reading.Reader(package.rows_of(package.unpacked(content)), country, timezone).read()


# -- the package -------------------------------------------------------------------------------------------
def test_what_is_written_is_read_back_the_same_and_twice_the_same_bytes():
    content = package.packed(writing.written(EVERYTHING))
    found = read_back(content)
    assert found.directory == EVERYTHING and (found.wrong, found.left) == ([], [])
    assert package.packed(writing.written(found.directory)) == content


def test_the_package_is_valid_by_its_own_description(tmp_path):
    (tmp_path / "out.zip").write_bytes(package.packed(writing.written(EVERYTHING)))
    with zipfile.ZipFile(tmp_path / "out.zip") as held:
        held.extractall(tmp_path)
    report = frictionless.Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "note"])
    assert len(report.tasks) == 18
    assert package.faults(package.unpacked((tmp_path / "out.zip").read_bytes())) == []


def test_the_tables_keep_to_the_standard():
    file = SHARED / "hsds_fields.csv"
    if not file.exists():
        pytest.skip("the standard's list of fields is not on this machine")
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    known = {(r["table"], r["field"]) for r in rows}
    assert {(t, f) for t, fields in tables.FIELDS.items() for f in fields} <= known
    required = {(r["table"], r["field"]) for r in rows if r["required"] == "true" and r["type"] != "array"}
    ours = {(t, f) for t, fields in tables.FIELDS.items() for f in fields}
    assert {(t, f) for t, f in required if t in tables.FIELDS} - ours == set()


def broken(table: str, column: str, value: str) -> bytes:
    """The package with one value of the first row of a table that has one written over."""
    rows = writing.written(EVERYTHING)
    row = next(r for r in rows[table] if r[column] and r.get("description") != "always")
    row[column] = value
    return package.packed(rows)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("service", "name", ""), ("service", "status", "perhaps"), ("service", "minimum_age", "many"),
        ("service_at_location", "location_id", "nowhere"), ("language", "service_id", "nobody"), ("location", "latitude", "north"),
        ("organization", "description", ""),
    ],
)  # fmt: skip
def test_frictionless_names_row_and_column_of_what_is_wrong(table, column, value):
    [problem, *_] = package.faults(package.unpacked(broken(table, column, value)))
    assert problem.column.startswith(table) and problem.reason


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("attribute", "value", "PALACE", "is not in the list"), ("location", "latitude", "99", "is not on the Earth"),
        ("language", "code", "xxx", "is not a language"), ("schedule", "opens_at", "noon", "cannot be read"),
        ("service", "status", "defunct", "the service is defunct"), ("service", "minimum_age", "1.5", "is not a whole number"),
        ("service", "assured_date", "yesterday", "is not a moment"),
        ("organization_identifier", "identifier_scheme", "QQQ", "is not an ISO 3166"),
    ],
)  # fmt: skip
def test_a_row_that_makes_no_sense_is_left_out_with_its_reason(table, column, value, said):
    found = read_back(broken(table, column, value))
    assert any(said in p.reason for p in found.wrong), found.wrong
    assert len(found.directory.offers) < 2 or len(found.directory.groups) < 1


def test_a_safe_house_never_comes_by_file():
    house = replace(EVERYTHING.spots[0], kind="SAFE_HOUSE")
    found = read_back(package.packed(writing.written(replace(EVERYTHING, spots=(house,)))))
    assert found.directory.spots == () and found.directory.offers == ()
    assert "a safe house never comes by file" in {p.reason for p in found.wrong}


def test_a_package_from_elsewhere_needs_a_country_and_a_time_zone():
    rows = {
        "organization": [{"id": "o1", "name": "Hands", "description": "Hands"}],
        "location": [{"id": "l1", "location_type": "physical", "organization_id": "o1", "name": "Main"}],
        "service": [{"id": "s1", "organization_id": "o1", "name": "Meals", "status": "active"}],
        "service_at_location": [{"id": "x", "service_id": "s1", "location_id": "l1"}],
    }
    assert reading.Reader(rows, None, None).read().directory.offers == ()
    found = reading.Reader(rows, "BLZ", "America/Belize").read()
    [offer] = found.directory.offers
    assert offer.kind == "OTHER" and offer.id == known_id("s1", reading.SOURCE) and found.wrong == []


@pytest.mark.parametrize("content", [b"", b"not a zip", package.packed({"language": []})])
def test_what_is_no_package_is_refused(content):
    with pytest.raises(package.NotAPackage):
        package.unpacked(content)


def test_only_flat_files_of_known_tables_are_taken_out(monkeypatch):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        for name in (
            "service.csv",
            "../service.csv",
            "/etc/passwd",
            "folder/location.csv",
            "datapackage.json",
        ):
            made.writestr(name, "id\n")
    assert set(package.unpacked(held.getvalue())) == {"service"}
    monkeypatch.setattr(package, "MOST_BYTES", 2)
    with pytest.raises(package.NotAPackage):
        package.unpacked(held.getvalue())


# -- a plain table by a map ----------------------------------------------------------------------------------
HEAD = "id,partner,location,lon,lat,sector,activity,start,end,indicators,registration_requirement,nationality,intake_criteria,accessibility,coverage,availability,days,opens,closes,referral_required,referral_method,next_step_after_referral,response_delay,feedback_mechanism,feedback_delay"


def listed(*rows: dict[str, str]):
    """Rows of a table as the map for Jordan reads it; each with what it changes."""
    base = {
        "id": "1", "partner": "Hands", "location": "Town", "lon": "35.7", "lat": "32.0", "activity": "Health Services",
        "start": "2014-01-01", "end": "2014-12-31", "days": "Sun-Thurs", "opens": "8:30am", "closes": "Close at 17:00pm",
        "availability": "Every Day", "referral_method": "IA Form",
    }  # fmt: skip
    text = io.StringIO()
    writer = csv.DictWriter(text, HEAD.split(","), restval="")
    writer.writeheader()
    writer.writerows({**base, "id": str(n), **row} for n, row in enumerate(rows, start=1))
    return listing.read_list(text.getvalue().encode(), listing.read_map(MAP))


def test_a_row_becomes_an_organisation_a_site_and_a_service():
    found = listed({"registration_requirement": "UNHCR ASC", "nationality": "Syrians only", "response_delay": "One week",
                    "accessibility": "Outreach; All the above", "coverage": "Countrywide"})  # fmt: skip
    [group], [spot], [offer] = found.directory.groups, found.directory.spots, found.directory.offers
    assert (group.country, group.code, group.name) == ("JOR", "HANDS", "Hands")
    assert (spot.name, spot.latitude, spot.longitude) == ("Town (Hands)", "32.00000", "35.70000")
    assert (offer.kind, offer.referral_method, offer.answer_hours) == ("HEALTH", "PAPER", 168)
    assert offer.hours == tuple((d, "08:30", "17:00") for d in (1, 2, 3, 4, 7))
    assert dict(offer.terms)["AREA"] == "JOR" and ("DOCUMENT", "ASYLUM_CERTIFICATE") in offer.terms
    assert (
        offer.eligibility_note
        == "Registration: UNHCR ASC. Nationality as published: Syrians only. Coverage: Countrywide"
    )
    assert (offer.offered_from, offer.offered_to, offer.source_key) == (
        "2014-01-01",
        "2014-12-31",
        "1|Health Services",
    )


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ({"opens": "13:00pm; 8:30am"}, "opens", "no opening that can be read"),
        ({"closes": ""}, "opens", "no opening that can be read"),
        ({"days": ""}, "days", "names no weekdays"),
        ({"availability": "Once a month"}, "opens", "do not hold every week"),
        ({"lat": "320"}, "lat", "is not on the Earth"),
        ({"referral_method": "Pigeon"}, "referral_method", "«Pigeon» is not in the map"),
        ({"start": "soon"}, "start", "is not a date"),
        ({"end": "2013-01-01"}, "end", "before it begins"),
    ],
)
def test_a_value_that_cannot_be_read_is_left_out_and_said_with_its_row(row, column, reason):
    found = listed({"location": "Elsewhere"}, row)
    [problem] = found.left
    assert (problem.row, problem.column) == (3, column) and reason in problem.reason
    assert len(found.directory.offers) == 2


@pytest.mark.parametrize(
    ("row", "column"),
    [({"activity": "Juggling"}, "activity"), ({"partner": " "}, "partner"), ({"id": ""}, "id")],
)
def test_a_row_without_what_it_needs_is_wrong(row, column):
    found = listed({}, {**row, "location": "Elsewhere"})
    [problem] = found.wrong
    assert (problem.row, problem.column) == (3, column) and len(found.directory.offers) == 1


def test_a_row_that_says_the_same_again_is_a_duplicate_and_an_id_with_another_activity_is_not():
    found = listed({}, {}, {"id": "1", "activity": "Food Security"})
    assert [(p.row, "row 2" in p.reason) for p in found.repeated] == [(3, True)]
    assert len(found.directory.offers) == 2


def test_hours_at_all_times_and_a_women_s_space_is_a_protected_kind():
    found = listed({"opens": "Always open", "closes": "Never closed", "activity": "Women Safe Spaces"})
    [offer] = found.directory.offers
    assert offer.always_open and offer.kind == "GBV"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("country: JOR", "country: QQQ", "ISO 3166"), ("Cash For Rent: CASH", "Cash For Rent: COINS", "COINS"), ("source: ", "origin: ", "not a map")],
)  # fmt: skip
def test_a_map_that_is_wrong_says_so(tmp_path, old, new, said):
    file = tmp_path / "map.yml"
    file.write_text(MAP.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(listing.BadMap, match=said):
        listing.read_map(file)
    with pytest.raises(listing.BadMap, match="no column"):
        listing.read_list(b"id,partner\n1,Hands\n", listing.read_map(MAP))


# -- through the command line ---------------------------------------------------------------------------------
def call(command, *arguments):
    done = CliRunner().invoke(command, [str(a) for a in arguments])
    return done, json.loads(done.stdout) if done.stdout.startswith("{") else None


def test_a_package_goes_in_and_comes_out_the_same_and_twice_brings_nothing_new(committed_db, tmp_path):
    file, out = tmp_path / "in.zip", tmp_path / "out.zip"
    file.write_bytes(package.packed(writing.written(EVERYTHING)))
    empty = {
        "rows": 2, "created": 2, "existing": 0, "updated": 0, "kept": 0, "skipped": 0, "duplicates": 0, "errors": [],
        "notes": [], "changes": [],
    }  # fmt: skip
    assert call(commands.take, file, "--dry-run", "--json")[1] == empty
    assert session.scalar(sa.select(sa.func.count()).select_from(Service)) == 0
    assert call(commands.take, file, "--json")[1] == empty
    assert call(commands.take, file, "--json")[1] == {**empty, "created": 0, "existing": 2}
    done, said = call(commands.export, "--out", out, "--country", "mex", "--json")
    assert done.exit_code == 0 and said["services"] == 2
    assert out.read_bytes() == file.read_bytes()
    assert call(commands.export, "--out", out, "--country", "GTM", "--json")[1]["services"] == 0
    session.remove()
    with sa.create_engine(committed_db.owner).connect() as owner:
        changes = owner.execute(sa.select(DirectoryChange.act, DirectoryChange.actor)).all()
        assert changes == [("IMPORTED", "system:command")] * 2
        assert owner.scalar(sa.select(sa.func.count()).select_from(OrganisationName)) == 2
        assert owner.scalar(sa.select(sa.func.count()).select_from(ServiceHours)) == 3


def test_what_the_command_refuses(committed_db, tmp_path):
    wrong, broken_map = tmp_path / "wrong.zip", tmp_path / "map.yml"
    wrong.write_bytes(broken("service", "status", "perhaps"))
    done, said = call(commands.take, wrong, "--json")
    assert done.exit_code == 1 and said["errors"][0]["column"] == "service.status" and said["created"] == 0
    broken_map.write_text("source: x")
    (tmp_path / "list.csv").write_text("id\n1\n")
    for arguments, code in (
        (("nowhere.zip",), 2), ((MAP,), 1), ((wrong, "--country", "QQQ"), 2), ((wrong, "--timezone", "Mars"), 2),
        ((tmp_path / "list.csv", "--map", broken_map), 2),
    ):  # fmt: skip
        assert call(commands.take, *arguments)[0].exit_code == code, arguments
    assert call(commands.export, "--out", tmp_path / "no" / "where.zip")[0].exit_code == 1


def test_the_real_directory_of_2014_comes_in_with_its_report_by_row_and_only_once(committed_db, tmp_path):
    if not JORDAN.exists():
        pytest.skip("the published list is not on this machine")
    done, first = call(commands.take, JORDAN, "--map", MAP, "--json")
    assert done.exit_code == 0, done.output
    counts = {k: first[k] for k in ("rows", "created", "existing", "skipped", "duplicates")}
    assert counts == {"rows": 562, "created": 517, "existing": 0, "skipped": 0, "duplicates": 45}
    assert first["errors"] == [] and len(first["notes"]) == 200
    assert {n["column"] for n in first["notes"]} == {"opens", "days", "id"}
    second = call(commands.take, JORDAN, "--map", MAP, "--json")[1]
    assert (second["created"], second["existing"], second["updated"], second["kept"]) == (0, 517, 0, 0)
    with sa.create_engine(committed_db.owner).connect() as owner:
        counted = [
            owner.scalar(sa.select(sa.func.count()).select_from(t)) for t in (Organisation, Site, Service)
        ]
    assert counted == [44, 249, 517]
    out = tmp_path / "jor.zip"
    assert (
        call(commands.export, "--out", out, "--country", "JOR", "--json")[1]["services"] == 488
    )  # 29 are protected
    assert package.faults(package.unpacked(out.read_bytes())) == []


# -- the same file again, changed ---------------------------------------------------------------------------
ONE = EVERYTHING.offers[0] if EVERYTHING.offers[0].source else EVERYTHING.offers[1]
OTHERWISE = {
    "name": ("Otra", "NAME"), "kind": ("FOOD", "NAME"), "description": (None, "NAME"), "age_to": (12, "WHOM"),
    "eligibility_note": ("Sin cita", "WHOM"), "referral_method": ("EMAIL", "METHOD"), "answer_hours": (24, "METHOD"),
    "cost": ("FREE", "COST"), "cost_note": (None, "COST"), "always_open": (True, "HOURS"), "hours": ((), "HOURS"),
    "offered_to": ("2027-01-01", "HOURS"), "closures": ((), "CLOSURES"), "languages": (("spa",), "LANGUAGES"),
    "contacts": ((), "CONTACT"), "terms": ((("SEX", "F"),), None),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_a_file_says_otherwise_is_named_by_its_part(name):
    value, part = OTHERWISE[name]
    found = updating.differs(ONE, replace(ONE, **{name: value}))
    assert found == ((part,) if part else ("ACCESSIBILITY", "AREA", "DOCUMENTS", "WHOM"))
    assert (
        updating.differs(ONE, ONE) == ()
        and updating.differs(ONE, replace(ONE, confirmed_at=None, capacities=())) == ()
    )


@pytest.mark.parametrize(
    ("acts", "active", "becomes"),
    [
        (("IMPORTED",), True, "UPDATED"), (("IMPORTED", "CONFIRMED"), True, "KEPT"), (("IMPORTED", "CHANGED"), True, "KEPT"),
        (("IMPORTED", "CONFIRMED", "IMPORTED"), True, "UPDATED"), (("IMPORTED", "CLOSED"), False, "KEPT"),
        (("CREATED",), True, "UPDATED"), ((), True, "UPDATED"), (("IMPORTED",), False, "KEPT"),
    ],
)  # fmt: skip
def test_what_somebody_here_said_later_stays(acts, active, becomes):
    new = replace(ONE, name="Otra")
    assert updating.what_becomes(ONE, new, acts, active=active) == becomes
    assert updating.what_becomes(ONE, ONE, acts, active=active) == "SAME"
    assert updating.what_becomes(None, new, acts) == "CREATED"


def test_a_second_file_changes_its_entries_and_lists_them_and_never_what_was_confirmed(
    committed_db, tmp_path
):
    file, changed = tmp_path / "in.zip", tmp_path / "again.zip"
    file.write_bytes(package.packed(writing.written(EVERYTHING)))
    new = replace(ONE, name="Consulta nueva", languages=("spa",), hours=((2, "09:00", "10:00"),))
    others = tuple(o for o in EVERYTHING.offers if o.id != ONE.id)
    both = tuple(sorted((new, *others), key=lambda o: o.id))
    changed.write_bytes(package.packed(writing.written(replace(EVERYTHING, offers=both))))
    assert call(commands.take, file, "--json")[1]["created"] == 2
    for write in (False, True):
        said = call(commands.take, changed, "--json", *(() if write else ("--dry-run",)))[1]
        assert (said["updated"], said["kept"], said["existing"]) == (1, 0, 2)
        assert [(c["name"], c["act"], c["parts"]) for c in said["changes"]] == [
            (ONE.name, "UPDATED", ["HOURS", "LANGUAGES", "NAME"])
        ]
    assert call(commands.take, changed, "--json")[1]["changes"] == []
    with sa.create_engine(committed_db.owner).begin() as owner:
        row = owner.execute(
            sa.select(Service.name, Service.sort_key).where(Service.source_key == "7|x")
        ).one()
        assert row == ("Consulta nueva", "consulta nueva")
        assert owner.scalar(sa.select(sa.func.count()).select_from(ServiceHours)) == 1
        parts = owner.scalars(
            sa.select(DirectoryChange.parts).order_by(DirectoryChange.at, DirectoryChange.id)
        ).all()
        assert parts[-1] == ["HOURS", "LANGUAGES", "NAME"]
        service_id = owner.scalar(sa.select(Service.id).where(Service.source_key == "7|x"))
        owner.execute(
            sa.insert(DirectoryChange).values(id=service_id, at=sa.func.now() + sa.text("interval '9 years'"), actor="x",
                                              service_id=service_id, act="CONFIRMED", parts=[])
        )  # fmt: skip
    said = call(commands.take, file, "--json")[1]
    assert (said["updated"], said["kept"]) == (0, 1) and said["changes"][0]["act"] == "KEPT"
    with sa.create_engine(committed_db.owner).connect() as owner:
        assert owner.scalar(sa.select(Service.name).where(Service.source_key == "7|x")) == "Consulta nueva"
