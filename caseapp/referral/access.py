"""What the roles may do with referrals; which referral is decided by team (`queries.visible_to`)."""

from __future__ import annotations

from caseapp.core.access import permission

READ = permission("referral.read", "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT")
SEND = permission("referral.send", "CASEWORKER", "SUPERVISOR")
ANSWER = permission(
    "referral.answer", "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT"
)
#: Ask for a proposal for everybody who waits tonight in the region, review it, and send what was not struck. Lines show
#: numbers and requirements; whoever may not open a file does not open it from there.
PLACE_NIGHT = permission("referral.place_night", "SUPERVISOR", "SHELTER_COORDINATOR")
