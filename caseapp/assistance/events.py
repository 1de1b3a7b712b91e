"""The event kinds of assistance."""

from __future__ import annotations

from caseapp.core.journal import kind

DELIVERED = kind("service.delivered")
CASH = kind("cash.delivered")
LEGAL_SESSION = kind("legal_aid.session")
INFORMED = kind("information.given")
#: Given without asking anybody's name: how many, of no person; and, of a person, that what was approved has arrived.
HANDED_OUT = kind("assistance.delivered")
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
