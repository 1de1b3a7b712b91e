"""Putting a file in for the directory on a page: looked at first, taken in by the worker, only of what one keeps."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from caseapp.core.db import session, uuid7
from caseapp.places import reported
from caseapp.places.models import DirectoryImport, Organisation, Service, ServiceContact, Site
from caseapp.places.rules.entry import Directory, Group, Offer, Spot
from caseapp.places.service import exchange, keeping, runs
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.directory import make_service

MAP = """
source: prueba
country: MEX
timezone: America/Mexico_City
fields:
  key: [id]
  organisation: who
  site: where
  name: what
  kind: {column: kind, codes: {comida: FOOD, salud: HEALTH}}
"""
HEAD = "id,who,where,what,kind\n"
FIRST = (
    HEAD
    + "1,Red Inventada,Centro,Comedor,comida\n2,Red Inventada,Centro,Consulta,salud\n3,Red Inventada,Centro,Nada,otro\n"
)
SECOND = (
    HEAD + "1,Red Inventada,Centro,Comedor abierto,comida\n2,Red Inventada,Centro,Consulta general,salud\n"
)


@pytest.fixture
def keeper(db, client):
    with db.as_owner():
        team = make_team(None, "COMMISSION_STATISTICS", country="MEX")
        user = make_user("DATA_STEWARD", team)
    client.sign_in(principal_of(user, ("DATA_STEWARD", team)))
    return client


def text(answer):
    return answer.get_data(as_text=True)


def put_in(client, content, **more):
    data = {
        "file": (io.BytesIO(content.encode()), "lista.csv"), "map_name": "OWN", "own_map": (io.BytesIO(MAP.encode()), "m.yml"),
        "country": "MEX", **more,
    }  # fmt: skip
    return client.post("/directory/import", data=data, content_type="multipart/form-data")


def work(db):
    """What the worker does with the file that waits, in one go."""
    with db.as_owner():
        run = runs.take_next()
        trial = session.begin_nested()
        runs.work(run.id, commit=session.flush, undo=trial.rollback)
        if trial.is_active:
            trial.commit()
        session.flush()
        session.expire_all()


def services():
    return dict(
        session.execute(sa.select(Service.source_key, Service.name).where(Service.source == "prueba")).all()
    )


def test_a_file_is_looked_at_then_taken_in_and_comes_again_changed(db, keeper):
    answer = put_in(keeper, FIRST)
    assert answer.status_code == 302, text(answer)
    url = answer.headers["Location"]
    assert "En espera" in text(keeper.get(url))
    work(db)
    page = text(keeper.get(url))
    assert (
        "Revisado, sin importar" in page
        and "Importar</button>" in page
        and "no es un tipo de servicio que el mapa conozca" in page
    )
    assert services() == {}
    assert keeper.post(url).status_code == 302
    work(db)
    page = text(keeper.get(url))
    assert "Importado" in page and "Importar</button>" not in page
    assert services() == {"1": "Comedor", "2": "Consulta"}
    with db.as_owner():
        (run,) = session.scalars(sa.select(DirectoryImport)).all()
        assert (
            run.content is None
            and run.counts["created"] == 2
            and run.counts["skipped"] == 1
            and run.done == 2
        )
        keeping.confirm(session.scalars(sa.select(Service).where(Service.source_key == "2")).one())
    assert keeper.post(url).status_code == 422  # not twice
    url = put_in(keeper, SECOND).headers["Location"]
    work(db)
    page = text(keeper.get(url))
    assert (
        "no se toca: se confirmó aquí después" in page and "cambia" in page and "nombre y descripción" in page
    )
    keeper.post(url)
    work(db)
    assert services() == {"1": "Comedor abierto", "2": "Consulta"}
    assert "lista.csv" in text(keeper.get("/directory/import"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"file": (io.BytesIO(b""), "")}, "Elija un archivo"), ({"map_name": "OWN", "own_map": (io.BytesIO(b"source: x"), "m.yml")}, "mapa"),
        ({"map_name": ""}, "paquete HSDS"), ({"map_name": "OWN", "own_map": (io.BytesIO(b""), "")}, "Elija un archivo"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(keeper, more, said):
    answer = put_in(keeper, FIRST, **more)
    assert answer.status_code == 422 and said in text(answer)
    assert session.scalar(sa.select(sa.func.count()).select_from(DirectoryImport)) == 0


def test_somebody_brings_only_what_they_keep(db, client):
    with db.as_owner():
        site = make_site(country="MEX")
        team = make_team(site, "COMMISSION_STATISTICS")
        make_service(team, "FOOD")
        user = make_user("DATA_STEWARD", team)
        other = make_user("DATA_STEWARD", make_team(make_site(country="MEX"), "COMMISSION_STATISTICS"))
        sites = session.scalar(sa.select(sa.func.count()).select_from(Site))
    client.sign_in(principal_of(user, ("DATA_STEWARD", team)))
    url = put_in(client, FIRST).headers["Location"]
    work(db)
    client.post(url)
    work(db)
    assert "no es del directorio que usted mantiene" in text(client.get(url))
    with db.as_owner():
        assert services() == {} and session.scalar(sa.select(sa.func.count()).select_from(Site)) == sites
    client.sign_in(principal_of(other, ("DATA_STEWARD", team)))
    assert client.get(url).status_code == 404
    assert put_in(client, FIRST, country="GTM").status_code in (404, 422)


@pytest.fixture
def theirs(db):
    """A service in Honduras that came from the same list."""
    with db.as_owner():
        team = make_team(make_site(code="HN-ZZ8", country="HND"), "COMMISSION_STATISTICS")
        return make_service(
            team, "FOOD", name="Comedor de ellos", source="prueba", source_key="1", phone="+504 0000"
        )


def test_a_row_never_changes_what_somebody_else_keeps(db, keeper, theirs):
    """The same source and key, or the same id, name an entry of another country: it is left as it is, and said."""
    url = put_in(keeper, FIRST).headers["Location"]
    work(db)
    keeper.post(url)
    work(db)
    assert "no es del directorio que usted mantiene" in text(keeper.get(url))
    assert services() == {"1": "Comedor de ellos", "2": "Consulta"}


def test_a_package_never_reaches_by_an_id_what_somebody_else_keeps(db, theirs):
    with db.as_owner():
        mine = make_site(country="MEX")
        session.flush()
        house = session.get_one(Site, theirs.site_id)
        spot, spoof = (
            Spot(str(one.id), one.code, "MEX", one.kind, "Centro", "America/Mexico_City")
            for one in (mine, house)
        )
        offers = (
            Offer(str(theirs.id), spot.id, "FOOD", "Llame a otro número", "PHONE", source="prueba", source_key="9",
                  contacts=(("DUTY", None, "+52 0000", None),)),
            Offer(str(uuid7()), spoof.id, "HEALTH", "Puesto en su sitio", "PHONE"),
        )  # fmt: skip
        group = Group(str(uuid7()), "HND", "HN-X", "Otra", "NGO")
        report = exchange.Report()
        given = runs.ours(Directory((group,), (spot, spoof), offers), report, frozenset({"MEX"}), frozenset())
        exchange.take_in(given, report, keeps=lambda site: site.country == "MEX")
        session.expire_all()
        assert session.get_one(Service, theirs.id).name == "Comedor de ellos"
        assert session.scalars(
            sa.select(ServiceContact.phone).where(ServiceContact.service_id == theirs.id)
        ).all() == ["+504 0000"]
        assert session.scalars(sa.select(Service.name).where(Service.site_id == house.id)).all() == [
            "Comedor de ellos"
        ]
        assert (report.created, report.updated, report.skipped) == (0, 0, 2)
        assert session.scalar(sa.select(Organisation.id).where(Organisation.code == "HN-X")) is None


def test_a_file_is_kept_for_a_day(db, keeper):
    url = put_in(keeper, FIRST).headers["Location"]
    work(db)
    with db.as_owner():
        session.execute(sa.text("UPDATE directory_import SET ended_at = now() - interval '25 hours'"))
        session.expire_all()
        assert runs.take_next() is None
        assert session.scalars(sa.select(DirectoryImport)).one().content is None
    assert keeper.post(url).status_code == 422


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("is missing", "falta"), ("left out: «x» is not in the map", "«x» no está en el mapa"),
        ("left out: «8» to «9» is no opening that can be read", "«8» to «9» no es un horario que se pueda leer"),
        ("the same as row 7 in everything else", "igual que la fila 7 en todo lo demás"), ("type is wrong", "type is wrong"),
    ],
)  # fmt: skip
def test_what_a_reader_says_in_the_words_of_the_page(app, reason, words):
    with app.test_request_context():
        assert reported.said(reason) == words
