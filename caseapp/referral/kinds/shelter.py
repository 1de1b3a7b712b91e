"""Shelters: an asking for nights; the check-in begins the service and the last departure ends it."""

from caseapp.referral.kinds.kind import BED, Kind

KINDS = tuple(Kind(code, gives_places=True, carries=BED) for code in ("SHELTER", "SAFE_SHELTER"))
