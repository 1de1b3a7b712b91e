"""The table that the import page hands out: downloaded, filled with two rows, imported, with or without its map."""

from __future__ import annotations

import csv
import io

import pytest
import sqlalchemy as sa

from caseapp.core import reference
from caseapp.core.db import session
from caseapp.places.exchange import listing, template
from caseapp.places.models import Organisation, Service, ServiceContact, ServiceHours, Site, SiteAddress
from tests.places.test_import_page import keeper, put_in, text, work  # noqa: F401

SPANISH = (
    ("1", "Clínica Inventada", "Centro", "Chiapas", "Calle Invento 12", "Defensa de familias", "Acompaña solicitudes.",
     "Asistencia legal", "Por teléfono", "962 000 0102", "clinica@prueba.example", "3 días", "lunes a viernes", "09:00", "16:30"),
    ("2", "Clínica Inventada", "Centro", "Tabasco", "", "Consulta", "", "salud", "", "", "", "", "", "24 horas", ""),
)  # fmt: skip
ENGLISH = (
    (
        *SPANISH[0][:7],
        "Legal aid",
        "By telephone",
        *SPANISH[0][9:11],
        "3 days",
        "Monday to Friday",
        "09:00",
        "16:30",
    ),
    (*SPANISH[1][:7], "health care", "", "", "", "", "", "24 hours", ""),
)


def filled(client, language, rows, separator):
    """The downloaded table with these rows, as a spreadsheet saves it."""
    answer = client.get(f"/directory/import/table.csv?lang={language}")
    assert answer.mimetype == "text/csv" and answer.get_data().startswith(b"\xef\xbb\xbf")
    (head,) = csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([head, *rows])
    return "\ufeff" + out.getvalue()


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize(("language", "rows"), [("es", SPANISH), ("en", ENGLISH)])
@pytest.mark.parametrize("own_map", [False, True])
def test_downloaded_filled_with_two_rows_and_imported(db, keeper, language, rows, separator, own_map):  # noqa: F811
    table = filled(keeper, language, rows, separator)
    more = {"map_name": "TEMPLATE"}
    if own_map:
        given = keeper.get(f"/directory/import/map.yml?country=MEX&lang={language}").get_data()
        more = {"map_name": "OWN", "own_map": (io.BytesIO(given), "mapa.yml")}
    answer = put_in(keeper, table, **more)
    assert answer.status_code == 302, text(answer)
    work(db)
    assert keeper.post(answer.headers["Location"]).status_code == 302
    work(db)
    page = text(keeper.get(answer.headers["Location"]))
    assert "Qué hay que corregir" not in page and "What is to be corrected" not in page
    with db.as_owner():
        found = {s.kind: s for s in session.scalars(sa.select(Service).where(Service.source == "table-mex"))}
        assert set(found) == {"LEGAL", "HEALTH"}
        legal, health = found["LEGAL"], found["HEALTH"]
        assert (legal.name, legal.referral_method, legal.answer_hours) == ("Defensa de familias", "PHONE", 72)
        assert (health.referral_method, health.always_open) == ("PHONE", True)
        site = session.get_one(Site, legal.site_id)
        assert (site.admin1, site.country) == ("MX07", "MEX")
        assert session.get_one(Organisation, site.organisation_id).name == "Clínica Inventada"
        assert session.get_one(SiteAddress, site.id).address == "Calle Invento 12"
        contact = session.scalars(sa.select(ServiceContact)).one()
        assert (contact.kind, contact.phone, contact.email) == (
            "DUTY",
            "962 000 0102",
            "clinica@prueba.example",
        )
        hours = session.scalars(
            sa.select(ServiceHours.weekday).where(ServiceHours.service_id == legal.id)
        ).all()
        assert sorted(hours) == [1, 2, 3, 4, 5]


def test_the_page_says_what_goes_where_without_a_word_of_yaml_before_it_is_needed(keeper):  # noqa: F811
    page = text(keeper.get("/directory/import"))
    assert "Con una tabla, en tres pasos" in page and "/directory/import/table.csv" in page
    assert "Asistencia legal" in page and "como_se_refiere" in page
    assert page.index("Es la tabla de esta página") < page.index("Es un paquete HSDS")


def test_another_table_is_not_taken_for_it(keeper):  # noqa: F811
    answer = put_in(keeper, "id,who\n1,x\n", map_name="TEMPLATE")
    assert (answer.status_code == 422 and "no tiene la columna" in text(answer)) or "no column" in text(
        answer
    )


def test_its_map_knows_every_open_kind_and_division(app):
    with app.test_request_context():
        for country in ("MEX", "GTM", "PAN"):
            made = listing.map_of(template.map_text(country, "America/Guatemala"), "map")
            known = set(made.given["kind"]["codes"].values())
            assert known == {c.code for c in reference.codes("service_kind") if "S" not in c.flags}
            assert {"Asistencia legal", "Legal aid", "legal aid", "LEGAL"} <= set(made.given["kind"]["codes"])
            assert set(made.given["division"]["codes"].values()) == {
                d.pcode for d in reference.admin1(country)
            }
            assert "SYSTEM" not in made.given["referral_method"]["codes"].values()
