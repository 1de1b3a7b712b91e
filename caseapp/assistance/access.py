"""Permissions of assistance."""

from caseapp.core.access import permission

#: The log in the file of whoever holds it.
READ = permission("delivery.read", "CASEWORKER", "SUPERVISOR")
WRITE = permission("delivery.write", "CASEWORKER", "SUPERVISOR")
#: The desk where things are handed out: one's own team's entries, for people whose file the team holds or reads.
DESK = permission(
    "delivery.desk", "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT", "ASSISTANCE_OFFICER"
)  # fmt: skip
#: Names in the exported list; for others it goes by number.
EXPORT_NAMES = permission("delivery.export_names", "SUPERVISOR", "SHELTER_COORDINATOR")
#: So many of an item, and nobody's name.
COUNT = permission("delivery.count", "SHELTER_VOLUNTEER", "SHELTER_COORDINATOR")
#: Ask for assistance: whoever holds the file, or the providing team for whom it reads. Never need codes, never the claim.
ASK = permission("assistance.ask", "CASEWORKER", "SUPERVISOR", "ASSISTANCE_OFFICER")
#: The requests of one's providing team.
AID = permission("assistance.read", "ASSISTANCE_OFFICER", "PAYMENTS_APPROVER")
#: Approve or refuse what another person asked for, and reconcile what another person paid.
DECIDE = permission("assistance.decide", "PAYMENTS_APPROVER")
PAY = permission("assistance.pay", "ASSISTANCE_OFFICER")
#: For whom the desk, and the count, are words of the navigation; others come to them from their day.
DESK_FIRST = permission("delivery.desk_first", "SERVICE_FOCAL_POINT", "ASSISTANCE_OFFICER")
COUNT_FIRST = permission("delivery.count_first", "SHELTER_VOLUNTEER")
