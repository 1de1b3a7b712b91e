"""Pages of reception: registering a family."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("reception", __name__)

from caseapp.reception.views import register  # noqa: E402, F401
