"""Who screens, and who reads a screening: the team that holds the file, and no reader of it."""

from __future__ import annotations

from caseapp.core.access import permission

SCREEN = permission("protection.screen", "CASEWORKER", "SUPERVISOR")
READ = permission("protection.read", "CASEWORKER", "SUPERVISOR")
