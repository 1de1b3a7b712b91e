"""Pages of screening, of the needs and requirements that follow from it, and of a child's best interests."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("protection", __name__)

from caseapp.protection.best_interests import views as _best_interests  # noqa: E402, F401
from caseapp.protection.views import health, needs, result, screening  # noqa: E402, F401
