"""The releases of a demo under attack: as its workers make them, exported and given to the independent audit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from caseapp import create_app
from caseapp.core import db as core_db
from caseapp.core.db import session
from caseapp.publication import service
from caseapp.release_audit.audit import Attack, audit
from tests.conftest import _environment, cloned
from workers.demo import filling, releases, upkeep

TODAY = date(2025, 11, 23)
CASES, WRITTEN = 84, 24
MONTHS = ["2025-07", "2025-08", "2025-09"]
#: A month of one country is counted as finely as can be, the other's by quarter.
SIZES = {"MEX": 400, "GTM": 12}
READY = "SELECT id, name, country FROM released.release WHERE status = 'APPROVED' ORDER BY country, period"


@pytest.fixture
def exported(
    cluster_url: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, list[Path]]]:
    """A quarter of two countries of a small demo, released month after month, as folders by country."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setattr(filling, "ALIVE", WRITTEN - 4)
    monkeypatch.setattr(releases, "COUNTRIES", tuple(SIZES))
    monkeypatch.setattr(releases, "months", lambda _today: MONTHS)
    monkeypatch.setattr(
        releases, "cases_by_country", lambda *_given: {code: n * len(MONTHS) for code, n in SIZES.items()}
    )
    with cloned(cluster_url, f"demo_released_{os.getpid()}") as database, _environment(database):
        with create_app().app_context():
            upkeep.first_steps(home, 7, CASES, TODAY, WRITTEN)
            while releases.decide_and_ask(TODAY, CASES):
                releases.make(TODAY)
        with core_db.connect("figures") as connection:
            made = connection.execute(sa.text(READY)).all()
        folders: dict[str, list[Path]] = {}
        for row in made:
            folders.setdefault(row.country, []).append(tmp_path / row.name)
            service.export(row.id, tmp_path / row.name)
        session.remove()
        yield folders


def test_nothing_is_found_in_the_releases_of_a_demo(exported: dict[str, list[Path]]) -> None:
    assert {country: len(folders) for country, folders in exported.items()} == {"MEX": 3, "GTM": 3}
    for folders in exported.values():
        report = audit(folders, Attack(40))
        assert report.ok, report.to_text()
        assert report.effort_of("A3").tried > 0 and report.effort_of("A4").tried > 0
        assert report.effort_of("A9").ran or report.effort_of("A9").note
