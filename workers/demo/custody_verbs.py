"""Acts of custody, one function for each verb, as `verbs.py` has the others."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from caseapp.core.db import session
from caseapp.custody import queries, rules, service
from caseapp.custody.models import Custody
from caseapp.people.models import Case
from workers.demo import places
from workers.demo.acts import Act

if TYPE_CHECKING:
    from workers.demo.perform import Scene


def _current(case: Case) -> Custody | None:
    return queries.open_for(case.id)


def detain(scene: Scene, act: Act) -> None:
    from workers.demo.perform import team_called

    (site, *_) = places.sites_with(scene.story.slot.country, "MIGRATION_CUSTODY")
    station = team_called(f"{site}-MIGRATION_CUSTODY")
    with scene.at_desk():
        for _, case in scene.of(act):
            service.open_custody(
                case,
                service.NewCustody("MIGRATION_AUTHORITY", act.args["basis"], act.args["since"], station.id),
            )


def safeguards(scene: Scene, act: Act) -> None:
    from workers.demo.perform import team_called

    with scene.at_desk():
        authorities = places.sites_with(scene.story.slot.country, "CHILD_AUTHORITY")
        called = team_called(f"{authorities[0]}-CHILD_AUTHORITY").id if authorities else None
        for _, case in scene.of(act):
            row = _current(case)
            if row is not None:
                service.record_safeguards(case, row, act.args["answers"], called_team_id=called)


def agree_exit(scene: Scene, act: Act) -> None:
    with scene.at_desk():
        for _, case in scene.of(act):
            row = _current(case)
            if row is not None:
                service.agree_exit(case, row, act.args["exit_on"])


def release(scene: Scene, act: Act) -> None:
    """They leave together; a reason is given where somebody else stood before."""
    with scene.at_desk():
        for _, case in scene.of(act):
            row = _current(case)
            if row is None:
                continue
            code = act.args["child_exit"] if row.child else act.args["exit"]
            with session.begin_nested():
                service.release(case, row, service.NewExit(code, scene.on(act), act.args["reason"]))


def confirm_exit(scene: Scene, act: Act) -> None:
    with scene.as_("SUPERVISOR"):
        for _, case in scene.of(act):
            row = _current(case)
            if row is not None and row.state == "EXIT_ASKED":
                service.decide_release(case, row, approve=True)


def follow_up(scene: Scene, act: Act) -> None:
    with scene.at_desk():
        for _, case in scene.of(act):
            for row in queries.for_case(case.id)[:1]:
                service.follow_up(
                    case, row, step=act.args["step"], outcome=act.args["outcome"], on=scene.on(act)
                )


def review_departure(scene: Scene, act: Act) -> None:
    """A supervisor looks at those who left before others."""
    with scene.as_("SUPERVISOR"):
        for _, case in scene.of(act):
            for row in queries.for_case(case.id)[:1]:
                if row.order_outcome == "ORDER_DEPARTED":
                    service.review_departure(row)


def catch_up(case: Case, on: date, outcome: str) -> None:
    """Before a file is closed: what was to be found after custody and nobody wrote down."""
    for row in queries.for_case(case.id):
        done = {found.step for found in queries.follow_ups_of([row.id])}
        for step in sorted(rules.FOLLOW_UPS.keys() - done):
            if row.state == "RELEASED" and row.exit_code not in rules.NOT_FOLLOWED:
                service.follow_up(case, row, step=step, outcome=outcome, on=on)
