"""Pages of commitments and of cooperation."""

from __future__ import annotations

from flask import Blueprint

from caseapp.commitments.access import READ
from caseapp.core.i18n import _l
from caseapp.core.pages import nav

blueprint = Blueprint("commitments", __name__)
nav(60, _l("Compromisos"), "commitments.matrix", READ)

from caseapp.commitments.annual import views as annual_views  # noqa: E402, F401
from caseapp.commitments.narrative import views as narrative_views  # noqa: E402, F401
from caseapp.commitments.views import baseline, bringing, cooperation, matrix, register  # noqa: E402, F401
