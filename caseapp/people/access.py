"""Who may do what with people's records. Reading is decided by team (`queries.visible_to`); changing also asks
that the team owns the file (`queries.owned_case`)."""

from __future__ import annotations

from caseapp.core.access import permission

#: Search, lists and the parts of a file that the team may read.
SEARCH = permission("people.search", "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT")
#: Correct a person, a household, contacts, consents of one's own team's files.
EDIT = permission("people.edit", "CASEWORKER", "SUPERVISOR")
#: Decide whether two records are one person, unite and separate them.
DECIDE_DUPLICATE = permission("people.decide_duplicate", "CASEWORKER", "SUPERVISOR")
#: Keep two people apart; each matter is read by those named in it.
SEPARATE = permission("people.separate", "SUPERVISOR", "CHILD_OFFICER")
#: Look, as a second person, at where somebody acted without consent.
REVIEW_WAIVER = permission("people.review_waiver", "SUPERVISOR")
