"""The event kinds of the asylum procedure."""

from __future__ import annotations

from caseapp.core.journal import kind

INTENTION = kind("intention.expressed")
LODGED = kind("claim.lodged")
REGISTERED = kind("claim.registered")
INTERVIEW = kind("interview.held")
DECIDED = kind("decision.made")
NOTIFIED = kind("decision.notified")
APPEALED = kind("appeal.lodged")
CLOSED = kind("claim.closed")
REOPENED = kind("claim.reopened")
DOCUMENT_ISSUED = kind("document.issued")
DOCUMENT_RENEWED = kind("document.renewed")
DOCUMENT_EXPIRED = kind("document.expired")
SIGNED = kind("signature.recorded")
SIGNATURE_MISSED = kind("signature.missed")
LEAVE_ASKED = kind("leave.asked")
LEAVE_DECIDED = kind("leave.decided")
PROPERTY_REGISTERED = kind("property.registered")
PROPERTY_MEASURE = kind("property.measure")
CHILD_RECEIVED = kind("child.returned_received")
