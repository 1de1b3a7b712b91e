"""The registers are kept, and read, by the data steward of the country's team: their numbers are exact."""

from __future__ import annotations

from caseapp.core.access import permission

KEEP = permission("programme.keep", "DATA_STEWARD")
