"""The pages of releases and figures, on committed data and as the roles that read them."""

from __future__ import annotations

from datetime import date

import pytest

from caseapp import create_app
from caseapp.core import access
from caseapp.core.db import session
from caseapp.publication import service
from caseapp.publication.models import Release
from tests.client import CheckedClient
from tests.publication import made_up
from tests.statements import count_statements

#: Why a release does not wait for sites that have not signed.
WITHOUT = {"unconfirmed_code": "CALENDAR"}


@pytest.fixture
def house(committed_db):
    """Mexico with August released and September waiting for a decision; a client; a steward of Guatemala."""
    people = made_up.staff()
    others = made_up.staff("GTM", "GT-ZZ9")
    made_up.journal(500, date(2025, 8, 1), date(2025, 9, 30)).write()
    made_up.count_now()
    made_up.everybody_signs("2025-08", "2025-09")
    made_up.release(people, "2025-08")
    waiting = service.make("MEX", "2025-09", by=people.steward)
    application = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    application.test_client_class = CheckedClient
    return people, others, waiting, application.test_client()


def get(client, who, url):
    client.sign_in(who)
    return client.get(url)


def test_the_pages_from_the_request_to_the_download(house, committed_db):
    people, others, waiting, client = house

    # A commission reads what is released, and only that.
    page = get(client, people.analyst, "/figures/MEX/P1").get_data(as_text=True)
    assert "agosto de 2025" in page and "septiembre de 2025, hasta agosto" in page and "2025-09" not in page
    assert (
        "Personas registradas" in page
        and "registradas en Acogida" in page
        and "Informaron 3 de 3 sedes" in page
    )
    assert "0 puede ser de 0 a 4" in page
    body = get(client, people.analyst, "/figures/MEX/P1.csv?period=2025-08").get_data(as_text=True)
    lines = body.lstrip("\ufeff").splitlines()
    assert lines[0].startswith("indicator,measure,unit,period") and all(
        ",2025-08," in line for line in lines[1:]
    )
    assert get(client, people.analyst, "/figures/GTM/P1").status_code == 404
    assert get(client, people.analyst, "/figures/MEX/P9").status_code == 404
    assert get(client, people.analyst, "/releases").status_code == 403
    assert "Nada publicado" in get(client, people.analyst, "/figures/MEX/P1?period=2025-09").get_data(
        as_text=True
    )

    # The steward sees the preview but cannot decide; a stranger from another country does not find it.
    page = get(client, people.steward, f"/releases/{waiting}").get_data(as_text=True)
    assert "Espera a otra persona" in page and "Aprobar y publicar" not in page
    assert get(client, others.steward, f"/releases/{waiting}").status_code == 404
    assert client.post(f"/releases/{waiting}/approve").status_code == 403
    client.sign_in(others.approver)
    assert client.post(f"/releases/{waiting}/approve").status_code == 404

    # The approver returns it without a reason, with one, and approves the next.
    page = get(client, people.approver, f"/releases/{waiting}").get_data(as_text=True)
    assert "Aprobar y publicar" in page and "Qué verá quien lea" in page
    assert client.post(f"/releases/{waiting}/return", data={"reason": " "}).status_code == 422
    assert client.post(f"/releases/{waiting}/return", data={"reason": "Falta una sede."}).status_code == 302
    client.sign_in(people.steward)
    assert "Preparar septiembre de 2025" in client.get("/releases").get_data(as_text=True)
    answer = client.post("/releases", data={"country": "MEX", "period": "2025-09", **WITHOUT})
    assert answer.status_code == 302
    assert "Preparando las cifras" in client.get(answer.headers["Location"]).get_data(as_text=True)
    again = client.post("/releases", data={"country": "MEX", "period": "2025-09", **WITHOUT})
    assert again.status_code == 422 and "sin decidir" in again.get_data(as_text=True)
    assert (
        client.post("/releases", data={"country": "GTM", "period": "2025-09", **WITHOUT}).status_code == 422
    )
    assert service.make_waiting() == 1
    client.sign_in(people.approver)
    url = answer.headers["Location"]
    assert client.post(f"{url}/approve").status_code == 302
    assert client.post(f"{url}/approve").status_code == 422

    # Now both months are there, with the change between them; the region sees Mexico and the gap.
    page = get(client, people.analyst, "/figures/MEX/P1").get_data(as_text=True)
    assert "septiembre de 2025" in page and (
        "que en agosto de 2025" in page or "afirmarse desde agosto de 2025" in page
    )
    regional = access.Principal(
        name="r", user_id=people.analyst.user_id, kind="user", language="es",
        grants=tuple(access.Grant("REGIONAL_ANALYST", g.team_id, g.team_code, g.team_type, g.country, g.site_id) for g in people.analyst.grants),
    )  # fmt: skip
    page = get(client, regional, "/figures/region").get_data(as_text=True)
    assert "México" in page and "Personas registradas" in page
    assert "3 de 3 sedes" in page and "no lo mide" not in page
    table = get(client, regional, "/figures/region.csv?period=2025-Q3").get_data(as_text=True)
    assert ",MEX," in table and table.lstrip("\ufeff").startswith("indicator,measure,unit,period,place")
    assert get(client, regional, "/figures").status_code == 302


def test_a_page_costs_the_same_whatever_the_rows(house):
    people, _, _, client = house
    client.sign_in(people.analyst)
    client.get("/figures/MEX/P1")
    with count_statements() as whole:
        client.get("/figures/MEX/P1")
    with count_statements() as small:
        client.get("/figures/MEX/P4")
    assert len(whole) == len(small) <= 13
    client.sign_in(people.steward)
    with count_statements() as listed:
        client.get("/releases")
    session.remove()
    assert len(listed) <= 8
    assert session.get_bind() is not None and Release.__tablename__ == "release"
    session.remove()
