"""Pages of custody."""

from __future__ import annotations

from flask import Blueprint

from caseapp.core.i18n import _l
from caseapp.core.pages import nav
from caseapp.custody.access import READ, SEE_CHILDREN, SEE_EXITS

blueprint = Blueprint("custody", __name__)
nav(45, _l("Custodia"), "custody.queue", READ)
nav(10, _l("Salidas"), "custody.exits", SEE_EXITS)
nav(10, _l("Niñez en detención"), "custody.children", SEE_CHILDREN)


from caseapp.custody.views import leaving, lists, person  # noqa: E402, F401
