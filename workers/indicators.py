"""Tasks of the figures worker."""

from __future__ import annotations

from caseapp.core import clock
from caseapp.indicators import rollup, service
from workers.app import app


@app.task(name="workers.indicators.roll_up")
def roll_up() -> int:
    """Bring facts and cells up to date with the journal."""
    return rollup.roll_up().checked


@app.task(name="workers.indicators.count_caseworkers")
def count_caseworkers() -> int:
    """Tell the journal how many caseworkers each team has today (a task of the casework worker)."""
    return service.count_caseworkers(clock.today())
