"""The line of a request, the numbers for Prometheus, and what stands in neither."""

from __future__ import annotations

import json
import logging

import pytest
import sqlalchemy as sa

from caseapp.core import db as core_db
from caseapp.core import observing, outbox
from caseapp.core.db import session
from config.logging import configure_logging
from config.settings import SettingsError, reset_settings, settings
from tests.factories import make_person, make_site, make_team, make_user, principal_of

TOKEN = "wq5Xk2-uT7bnE9cRz4mVh1pLs8dYf6Ga"


@pytest.fixture
def with_token(monkeypatch):
    monkeypatch.setenv("ACOGIDA_METRICS_TOKEN", TOKEN)
    reset_settings()
    yield {"Authorization": f"Bearer {TOKEN}"}
    monkeypatch.undo()
    reset_settings()


def test_without_the_token_there_are_no_numbers(client, with_token):
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 404
    assert client.get("/metrics", headers=with_token).status_code == 200


def test_without_a_token_set_nothing_opens_the_numbers(client):
    assert settings().metrics_token is None
    for said in ("", "Bearer ", "Bearer None"):
        assert client.get("/metrics", headers={"Authorization": said}).status_code == 404


def test_the_numbers_tell_of_requests_and_work_and_name_nobody(db, client, with_token):
    with db.as_owner():
        team = make_team(make_site())
        person = make_person(team, surname_1="Quetzalmoreno")
        user = make_user("CASEWORKER", team)
        outbox.leave("echo", person.case_id)
        session.flush()
    client.sign_in(principal_of(user, ("CASEWORKER", team)))
    assert client.get("/people?q=Quetzalmoreno").status_code == 200
    page = client.get("/metrics", headers=with_token).get_data(as_text=True)
    assert 'acogida_requests_total{endpoint="people.search",method="GET",status="200"}' in page
    assert "acogida_outbox_waiting 1.0" in page and "acogida_request_seconds_bucket" in page
    assert "Quetzalmoreno" not in page and str(person.case_id) not in page and user.email not in page


def test_a_line_of_a_request_holds_no_address_and_nobody(db, client, capsys):
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_logging("INFO", as_json=True)
        with db.as_owner():
            team = make_team(make_site())
            user = make_user("CASEWORKER", team)
        client.sign_in(principal_of(user, ("CASEWORKER", team)))
        answer = client.get("/people?q=Quetzalmoreno")
        written = capsys.readouterr().err
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert "Quetzalmoreno" not in written and user.email not in written
    [line] = [found for found in map(json.loads, written.splitlines()) if found.get("event") == "request"]
    assert line["endpoint"] == "people.search" and line["status"] == 200
    assert line["request"] == answer.headers["X-Request-Id"]


def test_a_failure_is_written_down_without_its_address(app, capsys):
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_logging("INFO", as_json=True)
        with app.test_request_context("/cases/MX-0000-0000?q=Quetzalmoreno"):
            observing._begin()
            app.log_exception((ValueError, ValueError("no"), None))
        written = capsys.readouterr().err
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert "ValueError" in written and "MX-0000" not in written and "Quetzalmoreno" not in written


def test_a_failing_row_is_not_written_down(app, db, capsys):
    """Neither the statement's values nor PostgreSQL's DETAIL: both hold what a person typed."""
    statement = "INSERT INTO site (id, code, country, kind, name, sort_key, timezone) VALUES (:id, :c, 'MEX', 'NO', :n, 's', 'UTC')"
    values = {
        "id": "0190b0a0-0000-7000-8000-000000000001",
        "c": "MX-QQ1",
        "n": "Quetzalmoreno\nde dos líneas",
    }
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        configure_logging("INFO", as_json=True)
        with app.test_request_context("/"), pytest.raises(sa.exc.IntegrityError) as raised:
            observing._begin()
            with core_db.engine("owner").begin() as connection:
                connection.execute(sa.text(statement), values)
        with app.test_request_context("/"):
            observing._begin()
            app.log_exception((type(raised.value), raised.value, raised.value.__traceback__))
        written = capsys.readouterr().err
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert "IntegrityError" in written and "kind_known" in written
    assert "Quetzalmoreno" not in written and "de dos" not in written and "MX-QQ1" not in written


def test_production_refuses_a_weak_token(monkeypatch):
    monkeypatch.setenv("ACOGIDA_METRICS_TOKEN", "short")
    monkeypatch.setenv("ACOGIDA_ENV", "production")
    monkeypatch.setenv("SECRET_KEY", "0123456789abcdef0123456789abcdefX")
    monkeypatch.setenv("RELEASE_SECRET", "fedcba9876543210fedcba9876543210Y")
    reset_settings()
    with pytest.raises(SettingsError, match="ACOGIDA_METRICS_TOKEN"):
        settings()
    monkeypatch.undo()
    reset_settings()
