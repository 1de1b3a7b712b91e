"""`/commitments/baseline`: the figures of the first report, with their section and what is known to be wrong."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from caseapp.commitments.access import READ
from caseapp.commitments.baseline import lines
from caseapp.commitments.views import blueprint
from caseapp.core.access import needs
from caseapp.core.i18n import _


@blueprint.get("/commitments/baseline")
@needs(READ)
def baseline() -> ResponseReturnValue:
    """The first year, as reported."""
    return render_template(
        "commitments/baseline.html", page_title=_("Línea de base 2017–2018"), lines=lines()
    )
