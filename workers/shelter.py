"""Shelters: what ends by its own time."""

from __future__ import annotations

from caseapp.shelter import service as shelter
from workers.app import app


@app.task(name="workers.shelter.release_holds", principal="holds")
def release_holds() -> int:
    """End the holds whose time has come. Nothing here closes a night, gives up a booking or writes that somebody
    did not come: people do that, and not before the site's hour."""
    return shelter.release_lapsed()
