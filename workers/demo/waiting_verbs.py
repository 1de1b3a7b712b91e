"""The act of putting a family on a waiting list, as `verbs.py` has the others."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.referral.waiting import service
from workers.demo.acts import Act

if TYPE_CHECKING:
    from workers.demo.perform import Scene


def wait(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is not None and found.state in ("DECLINED", "LAPSED"):
        with scene.at_desk(), suppress(Refused), session.begin_nested():
            service.join(found, act.args["told"], numbers=scene.numbers)
