"""Tasks of the figures worker."""

from __future__ import annotations

from caseapp.indicators import rollup
from workers.app import app


@app.task(name="workers.indicators.roll_up")
def roll_up() -> int:
    """Bring facts and cells up to date with the journal."""
    return rollup.roll_up().checked
