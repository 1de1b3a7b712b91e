"""Pages of reception: registering a family, putting in a list of people, counting an arrival."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("reception", __name__)

from caseapp.reception.views import held, importing, register, tally  # noqa: E402, F401
