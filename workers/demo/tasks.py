"""Tasks of the demo. Nothing of this runs outside it: the schedule has them only where `ACOGIDA_ENV` is demo.

`fill` is called every few seconds and works for a few seconds, so that the casework worker's other tasks get
their turn; `release` and `decide` then hand each other the earlier months until all are out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from caseapp.core import access
from caseapp.core.command_line import demo_state
from caseapp.core.db import session
from config.settings import settings
from workers.app import app
from workers.demo import filling, releases, upkeep
from workers.demo.filling import MAKER

TURN = 3.0


@app.task(name="workers.demo.fill", principal="demo")
def fill() -> int:
    """Write families for a few seconds; then the shelters' past; then set the releases going."""
    asked = _asked()
    if asked is None:
        return 0
    with access.acting_as(MAKER):
        filling.casework_session()
        now = filling.state()
        if now is None or releases.is_done():
            return 0
    done, total = now
    if done < total:
        filling.fill(**asked, until=total, seconds=TURN)
        return total - done
    if upkeep.keep_up(asked["seed"], asked["today"]):
        with access.acting_as(MAKER):
            filling.casework_session()
            idle = releases.is_idle()
        if idle:
            release.apply_async(queue="figures")
    session.remove()
    return 0


@app.task(name="workers.demo.release", principal="demo")
def release() -> int:
    """Make what was asked for (figures worker)."""
    asked = _asked()
    made = releases.make(asked["today"]) if asked else 0
    decide.apply_async(queue="casework")
    return made


@app.task(name="workers.demo.decide", principal="demo")
def decide() -> int:
    """Approve it and ask for the next months (casework worker)."""
    asked = _asked()
    found = releases.decide_and_ask(asked["today"], asked["cases"]) if asked else 0
    if found:
        release.apply_async(queue="figures")
    return found


def _asked() -> dict[str, Any] | None:
    """What this home's demo is made with."""
    home = settings().home
    state = demo_state(home) if home is not None and settings().is_demo else {}
    if not state:
        return None
    return {"seed": state["seed"], "cases": state["cases"], "today": date.fromisoformat(state["today"])}
