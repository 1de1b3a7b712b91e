"""What roles may do with accounts. An administrator manages users and queues and opens no case; an
auditor reads who looked at what."""

from __future__ import annotations

from caseapp.core.access import SIGNED_IN, permission

OWN_ACCOUNT = SIGNED_IN
MANAGE_USERS = permission("accounts.manage", "ADMINISTRATOR")
SEE_JOBS = permission("accounts.jobs", "ADMINISTRATOR")
READ_AUDIT = permission("accounts.audit", "AUDITOR")
