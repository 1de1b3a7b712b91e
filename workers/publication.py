"""Tasks of the figures worker: releases that a steward asked for."""

from __future__ import annotations

from caseapp.publication import service
from caseapp.publication.of_registers import freezing
from caseapp.publication.pictures import regional, waiting
from workers.app import app


@app.task(name="workers.publication.make_waiting")
def make_waiting() -> int:
    """Make the releases that wait to be made."""
    return service.make_waiting()


@app.task(name="workers.publication.draw_waiting")
def draw_waiting() -> int:
    """Draw a few of the pictures that approved releases do not have yet; where none waits, those of the region."""
    return waiting.make_waiting() or regional.make_waiting()


@app.task(name="workers.publication.freeze_registers")
def freeze_registers() -> int:
    """Count the figures of registers of the months whose cut-off is past."""
    return freezing.freeze()
