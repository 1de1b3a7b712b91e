"""Pages of the commitments, their narratives and the annual report."""

from flask import Blueprint

blueprint = Blueprint("commitments", __name__)

from caseapp.commitments.annual import views as annual_views  # noqa: E402, F401
from caseapp.commitments.narrative import views as narrative_views  # noqa: E402, F401
