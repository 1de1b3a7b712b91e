"""Files for the service directory that were put in on a page."""

from __future__ import annotations

from caseapp.core.db import session
from caseapp.places.service import runs
from caseapp.places.service.exchange import Report
from workers.app import app


@app.task(name="workers.places.import_directory", principal="import")
def import_directory() -> int:
    """Look at the file that waits longest, or take it in; how many files were worked on (none or one)."""
    run = runs.take_next()
    session.commit()
    if run is None:
        return 0
    run_id = run.id
    try:
        runs.work(run_id, commit=session.commit, undo=session.rollback)
    except Exception as error:
        session.rollback()
        runs.end(run_id, Report(), failed=type(error).__name__)
    session.commit()
    return 1
