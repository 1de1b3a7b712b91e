"""Permissions of the asylum procedure."""

from caseapp.core.access import permission

READ = permission("claim.read", "CASEWORKER", "SUPERVISOR")
WRITE = permission("claim.write", "CASEWORKER", "SUPERVISOR")
SET_INTERVAL = permission("claim.set_interval", "SUPERVISOR")
