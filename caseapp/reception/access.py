"""Who may register a family, put in a list of people, and count an arrival."""

from __future__ import annotations

from caseapp.core.access import permission

REGISTER = permission("reception.register", "CASEWORKER", "SUPERVISOR")
#: Put in a list of people, and decide about those of it who may be registered already.
IMPORT = permission("reception.import", "CASEWORKER", "SUPERVISOR")
#: Count an arrival without names, withdraw a count.
COUNT = permission("reception.count", "CASEWORKER", "SUPERVISOR")
