"""From a station to a shelter: the first day, the date of exit, the release, and what each side is shown of it."""

from __future__ import annotations

import pytest

from tests.journeys.known import known_family
from tests.journeys.walk import Walker

pytestmark = pytest.mark.journey
#: What a liaison of a station must never be sent: rank, reason, way out, need, where from, where to.
NEVER = (
    "Familias",
    "Families",
    "orden",
    "rank",
    "tripartit",
    "Tripartit",
    "Salvador",
    "Ceiba",
    "ecesidad",
    "Need",
)


def _unfold(person, action):
    """Open what is folded away around a form, if it is."""
    folded = person.page.locator(f"details:not([open]):has(form[action$='{action}']) > summary")
    if folded.count():
        folded.first.click()


def test_an_adult_leaves_a_station(browser, site):
    mother, child = known_family(site)
    with Walker(browser, site, "CASEWORKER") as desk:
        desk.sign_in()
        desk.open(f"/cases/{mother}/custody")
        desk.page.select_option("[name=open-authority]", "MIGRATION_AUTHORITY")
        desk.page.select_option("[name=open-station]", label="Estación Zapote")
        desk.page.fill("[name=open-since]", "2025-11-20T09:30")
        desk.page.select_option("[name=open-basis]", "NOT_TOLD")
        desk.submit()
        desk.look("custody-opened")
        desk.look_small("custody-opened")
        assert "Estación Zapote" in desk.text()

        _unfold(desk, "/safeguards")
        for safeguard in ("told_of_asylum", "interpreter", "lawyer", "phone_call"):
            desk.page.check(f"[name=ask-{safeguard}][value=YES]")
        desk.page.check("[name=ask-doctor][value=NO]")
        desk.page.fill("[name=ask-at]", "2025-11-20T16:00")
        desk._go(desk.page.locator("form[action$='/safeguards'] .verbs button").first)
        desk.look("custody-safeguards")

        _unfold(desk, "/exit-date")
        desk.page.fill("[name=agree-agreed_on]", "2025-11-24")
        desk._go(desk.page.locator("form[action$='/exit-date'] .verbs button").first)
        desk.open("/custody")
        desk.look("custody-queue")
        assert "Marta Alicia" in desk.text()

        with Walker(browser, site, "CUSTODY_LIAISON", width=360, language="en") as station:
            station.sign_in()
            station.open("/custody/exits")
            station.look("custody-exits")
            sent = station.bytes()
            assert "Orellana" in sent and "Sofía" not in sent and mother not in sent and child not in sent
            assert [word for word in NEVER if word in station.main.inner_text()] == []
            for closed in (f"/cases/{mother}", f"/cases/{mother}/custody", "/custody", "/people"):
                assert station.page.request.get(f"{site.address}{closed}").status in (403, 404), closed

        desk.open(f"/cases/{mother}")
        desk.look("case-file-in-custody")
        assert "Custodia" in desk.text()
        desk.open(f"/cases/{mother}/custody")
        desk._go(desk.page.locator("main a[href$='/release']").first)
        desk.page.select_option("[name=exit_code]", "TRIPARTITE")
        desk.page.fill("[name=on]", "2025-11-23")
        desk.look("custody-release")
        desk.submit()
        desk.look("custody-released")
        desk._go(desk.page.locator("main a[href$='/letter']").first)
        desk.look("custody-letter")
        letter = desk.main.inner_text()
        assert "Marta Alicia" in letter
        assert [w for w in ("asilo", "refug", "Ceiba", "necesidad") if w in letter.lower()] == []

    with Walker(browser, site, "AUDITOR") as auditor:
        auditor.sign_in()
        auditor.open("/audit")
        auditor.look("audit-after-custody")
        assert "Marta" not in auditor.text()


def test_a_child_in_a_station_is_an_alarm_and_no_rank(browser, site):
    mother, child = known_family(site)
    with Walker(browser, site, "CASEWORKER", language="en") as desk:
        desk.sign_in()
        for number in (mother, child):
            desk.open(f"/cases/{number}/custody")
            desk.page.select_option("[name=open-authority]", "MIGRATION_AUTHORITY")
            desk.page.select_option("[name=open-station]", label="Estación Zapote")
            desk.page.fill("[name=open-since]", "2025-11-22T09:30")
            desk.page.select_option("[name=open-basis]", "NOT_TOLD")
            desk.submit()
        desk.open("/today")
        desk.look("today-child-in-custody")
        assert "Sofía" in desk.text()
        desk.open("/custody")
        desk.look("custody-queue-with-a-child")
        desk.open(f"/cases/{child}")
        desk.look_small("case-file-child-in-custody")
