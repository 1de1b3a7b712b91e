"""Pages of screening, and of the needs and requirements that follow from it."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("protection", __name__)

from caseapp.protection.views import health, needs, result, screening  # noqa: E402, F401
