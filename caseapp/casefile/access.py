"""Who opens a file, closes it, decides on a request, and who has a page for today. An administrator and the
gate at night open no file."""

from __future__ import annotations

from caseapp.core.access import SIGNED_IN, permission

OPEN = permission("casefile.open", "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT")
#: What is shown to nobody but those who hold the file.
PRIVATE = permission("casefile.private", "CASEWORKER", "SUPERVISOR")
CLOSE = permission("casefile.close", "CASEWORKER", "SUPERVISOR")
APPROVE = permission("casefile.approve", "SUPERVISOR")
TODAY = SIGNED_IN
#: The plan, tasks, notes and alerts of a file, for the team that holds it.
WORK = permission("casefile.work", "CASEWORKER", "SUPERVISOR")
#: Give files to somebody else of the team.
ASSIGN = permission("casefile.assign", "SUPERVISOR")
#: Offer a file to another team, answer such an offer.
OFFER_FILE = permission("casefile.offer_file", "CASEWORKER", "SUPERVISOR")

#: Open another team's file by its number, for three hours; never an administrator, never custody.
BREAK_GLASS = permission("casefile.break_glass", "CASEWORKER", "SUPERVISOR", "CHILD_OFFICER")
REVIEW_GLASS = permission("casefile.review_glass", "AUDITOR")
#: Write down that somebody asked for a person; read what was written; say about whose file it was.
LOG_ENQUIRY = permission(
    "casefile.log_enquiry", "GATE_NIGHT", "SHELTER_COORDINATOR", "CASEWORKER", "SUPERVISOR"
)
READ_ENQUIRY = permission("casefile.read_enquiry", "SHELTER_COORDINATOR", "CASEWORKER", "SUPERVISOR")
LINK_ENQUIRY = permission("casefile.link_enquiry", "SUPERVISOR")
#: A person asks about their own data: written down by who holds the file, decided by its supervisor, watched by the
#: data-protection officer, who opens no file.
ASK_SUBJECT = permission("casefile.ask_subject", "CASEWORKER", "SUPERVISOR")
DECIDE_SUBJECT = permission("casefile.decide_subject", "SUPERVISOR")
HAND_OVER = permission("casefile.hand_over_copy", "CASEWORKER", "SUPERVISOR", "DATA_PROTECTION_OFFICER")
#: Sign what one's team recorded of a month at its site.
CONFIRM_MONTH = permission("casefile.confirm_month", "SUPERVISOR", "SHELTER_COORDINATOR")
PROTECT_DATA = permission("casefile.protect_data", "DATA_PROTECTION_OFFICER")
AUDIT_FILE = permission("casefile.audit_file", "AUDITOR")
