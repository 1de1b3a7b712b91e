"""The act of putting a family on a waiting list, as `verbs.py` has the others."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.referral.waiting import queries, service
from workers.demo.acts import Act

if TYPE_CHECKING:
    from workers.demo.perform import Scene


def wait(scene: Scene, act: Act) -> None:
    found = scene.referrals.get(act.ref)
    if found is not None and found.state in ("DECLINED", "LAPSED"):
        with scene.at_desk(), suppress(Refused), session.begin_nested():
            scene.waiting[act.ref] = service.join(found, act.args["told"], numbers=scene.numbers).id


def offer_waiting(scene: Scene, act: Act) -> None:
    """A place that fits nobody before them."""
    found, entry_id = scene.referrals.get(act.ref), scene.waiting.get(act.ref)
    if found is None or entry_id is None:
        return
    with scene.receiving(found) as who:
        entry = queries.entry(who, entry_id, lock=True)
        if entry.state == "WAITING":
            service.offer(entry, {each.id: "DOES_NOT_FIT" for each in queries.before(entry)})
