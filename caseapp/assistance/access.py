"""Permissions of assistance."""

from caseapp.core.access import permission

READ = permission("delivery.read", "CASEWORKER", "SUPERVISOR")
WRITE = permission("delivery.write", "CASEWORKER", "SUPERVISOR")
