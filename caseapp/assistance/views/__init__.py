"""Pages of assistance: the log in a person's file, the desk where things are handed out, counting by number."""

from flask import Blueprint

from caseapp.assistance.access import AID, COUNT_FIRST, DESK_FIRST
from caseapp.core.i18n import _l
from caseapp.core.pages import nav

blueprint = Blueprint("assistance", __name__)
nav(42, _l("Entregas"), "assistance.desk", DESK_FIRST, whole_area=False)
nav(41, _l("Solicitudes de asistencia"), "assistance.requests", AID, whole_area=False)
nav(43, _l("Contar entregas"), "assistance.tally", COUNT_FIRST, whole_area=False)

from caseapp.assistance.views import asking, case, desk, paying, tally  # noqa: E402, F401
