"""Permissions of custody. Those who keep people in custody have one page, and none of the others."""

from caseapp.core.access import permission

READ = permission("custody.read", "CASEWORKER", "SUPERVISOR")
WRITE = permission("custody.write", "CASEWORKER", "SUPERVISOR")
#: Decide on an exit that two people must agree, and look at departures from the order.
REVIEW = permission("custody.review", "SUPERVISOR")
#: Departures from the order in the countries that one audits, by number.
AUDIT = permission("custody.audit", "AUDITOR")
#: Names and days of exit of one's own station, and nothing else.
SEE_EXITS = permission("custody.see_exits", "CUSTODY_LIAISON")
#: Children in custody of whom the child authority was told.
SEE_CHILDREN = permission("custody.see_children", "CHILD_OFFICER")
