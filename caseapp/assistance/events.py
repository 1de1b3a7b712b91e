"""The event kinds of assistance."""

from __future__ import annotations

from datetime import date

from caseapp.core.journal import kind
from caseapp.people import events as people_events
from caseapp.people.models import Case, Consent

DELIVERED = kind("service.delivered")
CASH = kind("cash.delivered")
LEGAL_SESSION = kind("legal_aid.session")
INFORMED = kind("information.given")
#: Given without asking anybody's name: how many, of no person; and, of a person, that what was approved has arrived.
HANDED_OUT = kind("assistance.delivered")
ASKED = kind("approval.asked")
APPROVED = kind("assistance.approved")
REFUSED = kind("assistance.refused")
#: A step of education: its event, and the code that it carries.
EDUCATION = {
    "ENROLMENT_ASKED": (kind("education.asked"), "ENROLMENT"),
    "VALIDATION_ASKED": (kind("education.asked"), "VALIDATION"),
    "ENROLLED": (kind("education.enrolled"), "SCHOOL"),
    "RECOGNISED": (kind("education.recognised"), "VALIDATION"),
}
#: Every kind that a delivery may have told of.
OF_DELIVERY = tuple(
    sorted(
        {k.name for k in (DELIVERED, CASH, LEGAL_SESSION, INFORMED)} | {k.name for k, _ in EDUCATION.values()}
    )
)


def key_turned(case: Case, consent: Consent, on: date) -> None:
    """A yes to assistance was given anew: whoever was asked to pay sees again whom."""
    from caseapp.assistance.paying import service

    if consent.state == "GIVEN":
        service.see_again(case, consent.purpose)


if key_turned not in people_events.consent_turned:
    people_events.consent_turned.append(key_turned)
