"""Who screens, and who reads a screening: the team that holds the file, and no reader of it."""

from __future__ import annotations

from caseapp.core.access import permission

SCREEN = permission("protection.screen", "CASEWORKER", "SUPERVISOR")
READ = permission("protection.read", "CASEWORKER", "SUPERVISOR")
#: A child's best interests are assessed by whoever holds the child-protection role (VOCABULARY A0, flag C; A6), approved
#: by a supervisor, and read as the other sealed matters of a file are: by those who hold it.
ASSESS_CHILD = permission("protection.assess_child", "CHILD_OFFICER")
READ_CHILD = permission("protection.read_child", "CASEWORKER", "SUPERVISOR", "CHILD_OFFICER")
APPROVE_CHILD = permission("protection.approve_child", "SUPERVISOR")
