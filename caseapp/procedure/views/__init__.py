"""Pages of the asylum procedure. None of them closes a file."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("procedure", __name__)

from caseapp.procedure.views import claim, documents, duties, home, people, steps  # noqa: E402, F401
