"""Drawing pictures of approved releases: all of them in turn, none held up by one that cannot be drawn."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp import create_app
from caseapp.core import clock
from caseapp.core import db as core_db
from caseapp.publication.pictures import making, waiting
from tests.client import CheckedClient
from tests.publication import made_up


def rows(statement):
    with core_db.connect("facts") as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


@pytest.fixture
def house(committed_db, monkeypatch):
    """Mexico's August and September, approved one after the other before anything was drawn; drawing costs nothing."""
    people = made_up.staff()
    made_up.journal(60, date(2025, 8, 1), date(2025, 9, 30)).write()
    made_up.count_now()
    for month in ("2025-08", "2025-09"):
        made_up.release(people, month)
    monkeypatch.setattr(making.drawing, "line", lambda drawn: {"svg": b"<svg>line</svg>"})
    monkeypatch.setattr(making.drawing, "bars", lambda drawn: {"svg": b"<svg>bars</svg>"})
    application = create_app({"TESTING": True, "WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False})
    application.test_client_class = CheckedClient
    with application.app_context():
        yield people, application.test_client(), monkeypatch


WANTED = "SELECT count(DISTINCT indicator) FROM released.figure f JOIN released.release r ON r.id = release_id WHERE f.status = 'PUBLISHED' AND r.period = '{}'"


def test_one_that_cannot_be_drawn_keeps_no_other_waiting_and_earlier_months_have_their_turn(house):
    people, client, monkeypatch = house
    monkeypatch.setattr(waiting, "PAUSE", timedelta(0))
    asked = making.asked

    def broken(connection, release_id, country, month, code):
        if (month, code) == ("2025-09", "P1-00"):
            raise ArithmeticError("nothing to scale by")
        return asked(connection, release_id, country, month, code)

    monkeypatch.setattr(making, "asked", broken)
    client.sign_in(people.steward)
    newest = rows("SELECT id FROM released.release WHERE period = '2025-09'")[0][0]
    assert "Esta espera su turno" in client.get(f"/releases/{newest}").get_data(as_text=True)
    assert waiting.make_waiting(3) == 3
    page = client.get(f"/releases/{newest}").get_data(as_text=True)
    wanted = rows(WANTED.format("2025-09"))[0][0]
    assert (
        f'value="2" max="{wanted}"' in page
        and "ArithmeticError" in page
        and "Se intenta otra vez mañana" in page
    )
    assert "1 imagen no pudo dibujarse" in client.get("/releases").get_data(as_text=True)

    # All others of the newest month, then the month before, and then nothing more.
    while waiting.make_waiting(20):
        pass
    told = dict(
        rows(
            "SELECT r.period, ARRAY[d.wanted, d.drawn, d.failed] FROM released.drawing d JOIN released.release r ON r.id = d.release_id"
        )
    )
    before = rows(WANTED.format("2025-08"))[0][0]
    assert told == {"2025-09": [wanted, wanted - 1, 1], "2025-08": [before, before, 0]} and before > 0
    drawn = rows("SELECT count(*) FROM (SELECT DISTINCT release_id, indicator FROM released.picture) p")[0][0]
    assert drawn == wanted - 1 + before
    assert rows("SELECT indicator, problem, tries FROM released.drawing_failure") == [
        ("P1-00", "ArithmeticError", 1)
    ]
    assert f"Tienen imágenes {wanted - 1} indicadores" in client.get(f"/releases/{newest}").get_data(
        as_text=True
    )

    # What failed is tried on another day, three times at most; once drawn, nothing is left of it.
    now = clock.real_now()
    for day, tries in ((1, 2), (2, 3), (3, 3)):
        monkeypatch.setattr(waiting.clock, "real_now", lambda day=day: now + timedelta(days=day, minutes=day))
        assert waiting.make_waiting() == (0 if day == 3 else 1)
        assert rows("SELECT tries FROM released.drawing_failure") == [(tries,)]
    assert "Avise a quien administra" in client.get(f"/releases/{newest}").get_data(as_text=True)


def test_a_failure_that_passes_leaves_no_trace(house):
    _, _, monkeypatch = house
    asked, now = making.asked, clock.real_now()
    monkeypatch.setattr(making, "asked", lambda *_: 1 / 0)
    assert waiting.make_waiting() == 1 and rows("SELECT drawn, failed FROM released.drawing") == [(0, 1)]
    monkeypatch.setattr(making, "asked", asked)
    monkeypatch.setattr(waiting.clock, "real_now", lambda: now + timedelta(days=2))
    assert waiting.make_waiting() == 1
    assert rows("SELECT drawn, failed FROM released.drawing") == [(1, 0)]
    assert rows("SELECT * FROM released.drawing_failure") == []


def test_an_earlier_month_is_in_no_hurry(house):
    while waiting.make_waiting(50):
        pass
    # The newest is whole; the month before waits until nothing was drawn for a while.
    assert rows("SELECT r.period FROM released.drawing d JOIN released.release r ON r.id = d.release_id") == [
        ("2025-09",)
    ]


def test_a_picture_shows_what_stood_when_its_release_was_made(house):
    ids = dict(rows("SELECT period, id FROM released.release"))
    with core_db.connect("facts") as connection:
        early = making.asked(connection, ids["2025-08"], "MEX", "2025-08", "P1-00")
        late = making.asked(connection, ids["2025-09"], "MEX", "2025-09", "P1-00")
    assert [one.period for one in early.told] == ["2025-08"]
    assert [one.period for one in late.told] == ["2025-08", "2025-09"]


def test_no_reader_writes_how_far_it_is(house):
    waiting.make_waiting()
    for role, statement in (
        ("figures", "UPDATE released.drawing SET drawn = 0"), ("figures", "DELETE FROM released.drawing_failure"),
        ("app", "SELECT FROM released.drawing"), ("app", "SELECT FROM released.drawing_failure"),
        ("facts", "UPDATE released.drawing SET drawn = wanted + 1"),
    ):  # fmt: skip
        with pytest.raises(sa.exc.DBAPIError), core_db.engine(role).begin() as connection:
            connection.execute(sa.text(statement))
