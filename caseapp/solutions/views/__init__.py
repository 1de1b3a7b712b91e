"""Pages of solutions: `/cases/<number>/solutions` (plans and return) and `/cases/<number>/livelihood`."""

from flask import Blueprint

blueprint = Blueprint("solutions", __name__)

from caseapp.solutions.views import plans, work  # noqa: E402, F401
