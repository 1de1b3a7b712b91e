"""Permissions of solutions."""

from caseapp.core.access import permission

READ = permission("solution.read", "CASEWORKER", "SUPERVISOR")
WRITE = permission("solution.write", "CASEWORKER", "SUPERVISOR")
