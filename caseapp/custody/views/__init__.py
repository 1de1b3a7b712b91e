"""Pages of custody."""

from __future__ import annotations

from flask import Blueprint

from caseapp.core.i18n import _l
from caseapp.core.pages import nav
from caseapp.custody.access import AUDIT, READ, SEE_CHILDREN, SEE_EXITS

blueprint = Blueprint("custody", __name__)
nav(45, _l("Custodia"), "custody.queue", READ)
nav(10, _l("Salidas"), "custody.exits", SEE_EXITS)
nav(10, _l("Niñez en detención"), "custody.children", SEE_CHILDREN)
nav(25, _l("Salidas fuera del orden"), "custody.audited", AUDIT, whole_area=False)


from caseapp.custody.views import auditing, leaving, lists, person  # noqa: E402, F401
