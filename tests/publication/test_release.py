"""A release from the journal to the exported folder: made, approved, exported, attacked."""

from __future__ import annotations

from datetime import date

from caseapp.publication import service
from caseapp.release_audit.audit import audit
from tests.publication import made_up


def test_a_first_month_is_made_approved_exported_and_clean(committed_db, tmp_path):
    people = made_up.staff()
    made_up.journal(700, date(2025, 8, 1), date(2025, 9, 30)).write()
    made_up.count_now()
    august = made_up.release(people, "2025-08")
    september = made_up.release(people, "2025-09")
    service.export(august, tmp_path / "08")
    service.export(september, tmp_path / "09")
    report = audit([tmp_path / "08", tmp_path / "09"])
    print(report.to_text())
    assert report.ok, report.to_text()
