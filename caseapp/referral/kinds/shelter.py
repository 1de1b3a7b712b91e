"""Shelters: an asking for nights; the check-in begins the service and the last departure ends it."""

from caseapp.referral.kinds.kind import Kind

KINDS = (Kind("SHELTER", gives_places=True), Kind("SAFE_SHELTER", gives_places=True))
