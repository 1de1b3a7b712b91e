"""Pages of the catalogue: every indicator with its versions, and the form in which a steward drafts one."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("indicators", __name__)

from caseapp.indicators.views import drafting, reading  # noqa: E402, F401
