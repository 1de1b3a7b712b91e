"""The pages: what is typed survives an error, a correction keeps the past, a file is checked and then entered."""

from __future__ import annotations

import io

import pytest

from tests.factories import make_team, make_user, principal_of
from tests.programme.routes import TYPED, make_training
from tests.statements import count_statements


def text(answer):
    return answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "kind", ["trainings", "projects", "participation", "costs", "capacity", "enrolments"]
)
def test_each_register_has_its_list_form_and_import(desk, client, kind):
    client.sign_in(desk.steward)
    for path in ("", "/new", "/import"):
        assert client.get(f"/registers/{kind}{path}").status_code == 200
    answer = client.post(f"/registers/{kind}/new", data={})
    assert answer.status_code == 422 and "Complete este dato." in text(answer)


def test_what_was_typed_survives_an_error(desk, client):
    client.sign_in(desk.steward)
    answer = client.post(
        "/registers/trainings/new", data=TYPED | {"held_on": "2030-01-01", "women": "muchas"}
    )
    assert answer.status_code == 422
    for kept in (
        'value="2030-01-01"',
        'value="muchas"',
        '<option selected value="POLICE">',
        "Esta fecha aún no llega.",
    ):
        assert kept in text(answer)


def test_enter_correct_and_withdraw(desk, client):
    client.sign_in(desk.steward)
    url = f"/registers/trainings/{make_training(desk.db, desk.team).id}"
    assert client.post("/registers/trainings/new", data=TYPED).status_code == 302
    page = client.get(url)
    assert 'value="12"' in text(page)
    assert client.post(url, data=TYPED | {"women": "2"}).status_code == 302
    assert text(client.get("/registers/trainings")).count("Anulado") == 1
    assert client.post(f"{url}/withdraw").status_code == 409


def test_a_file_with_an_error_and_one_without(desk, client):
    client.sign_in(desk.steward)

    def send(*rows, **more):
        content = io.BytesIO("\n".join([",".join(TYPED), *rows]).encode())
        return client.post("/registers/trainings/import", data={"file": (content, "a.csv"), **more})

    good = ",".join(TYPED.values())
    wrong = send(good, good.replace("12", "doce"))
    assert wrong.status_code == 422 and "1 fila tiene errores" in text(wrong) and "women" in text(wrong)
    assert "Se anotarían 1 filas" in text(send(good, dry_run="y"))
    assert "Se anotaron 1 filas; 0 ya estaban." in text(send(good))
    assert "Se anotaron 0 filas; 1 ya estaban." in text(send(good))
    assert client.post("/registers/trainings/import", data={}).status_code == 422


def test_the_list_asks_the_same_number_of_statements_whatever_the_rows(desk, client):
    client.sign_in(desk.steward)
    make_training(desk.db, desk.team)
    with count_statements() as few:
        client.get("/registers/trainings")
    for _n in range(12):
        make_training(desk.db, desk.team)
    with count_statements() as many:
        client.get("/registers/trainings")
    assert len(few) == len(many)


def test_another_team_of_the_country_has_a_register_of_its_own(desk, client):
    make_training(desk.db, desk.team)
    with desk.db.as_owner():
        other = make_team(None, "COMMISSION_STATISTICS")
        stranger = principal_of(make_user("DATA_STEWARD", other), ("DATA_STEWARD", other))
    client.sign_in(stranger)
    assert "Nada anotado" in text(client.get("/registers/trainings"))
    client.sign_in(desk.steward)
    assert "Policía" in text(client.get("/registers/trainings"))
