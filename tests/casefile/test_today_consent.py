"""Consent on `/today` and at the head of a file: what ends soon, what waits for a second person, who was not told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from caseapp.casefile import rules
from tests.casefile.test_today import shown
from tests.factories.people import make_waiver
from tests.factories.referral import consent
from tests.reception.families import TODAY


@pytest.mark.parametrize(
    ("purpose", "days", "announced"),
    [("REFER_HEALTH", 30, True), ("REFER_HEALTH", 31, False), ("CONSULAR", 7, True), ("CONSULAR", 8, False)],
)
def test_the_end_of_a_consent_is_announced(desk, client, purpose, days, announced):
    with desk.db.as_owner():
        number = desk.numbers[desk.woman.case_id]
        consent(
            desk.woman, purpose, expires_on=TODAY + timedelta(days=days), asked_on=TODAY - timedelta(days=20) if days < 11 else TODAY - timedelta(days=300),
            alone=True, legal_advice_on=TODAY - timedelta(days=20),
            recipient_country="HND" if purpose == "CONSULAR" else None,
        )  # fmt: skip
    page = shown(client, desk.caseworker)
    assert (f"/cases/{number}/consents?purpose={purpose}" in page) is announced
    file = client.get(f"/cases/{number}").get_data(as_text=True)
    assert ("Consentimiento por vencer" in file) is announced


def test_an_alert_of_consent_needs_a_day_that_has_not_passed():
    facts = rules.AlertFacts(today=TODAY, consents_end=[TODAY])
    assert "CONSENT_ENDS" in rules.alerts(facts)
    gone = rules.AlertFacts(today=TODAY, consents_end=[TODAY - timedelta(days=1)])
    assert "CONSENT_ENDS" not in rules.alerts(gone)


def test_a_waiver_waits_for_a_supervisor_who_did_not_act(desk, client):
    with desk.db.as_owner():
        row = make_waiver(desk.woman, made_by_id=desk.caseworker.user_id)
        own = make_waiver(desk.woman, made_by_id=desk.supervisor.user_id, purpose="CASH")
    page = shown(client, desk.supervisor)
    review = page.split('id="waived"')[1].split("</section>")[0]
    assert str(row.id) in review and str(own.id) not in review
    page = shown(client, desk.caseworker)
    assert 'id="waived"' not in page
    untold = page.split('id="untold"')[1].split("</section>")[0]
    assert str(row.id) in untold and str(own.id) in untold
