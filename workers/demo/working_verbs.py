"""Acts of the daily work on files, one function for each verb, as `verbs.py` has the others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from caseapp.casefile import service
from caseapp.casefile.queries import handing, work
from caseapp.core import access
from caseapp.core.db import session
from caseapp.deadline.rules import end_of
from caseapp.people import service as people_service
from caseapp.people.models import Case
from caseapp.people.service import NewConsent
from workers.demo.acts import Act

if TYPE_CHECKING:
    from workers.demo.perform import Scene


def agree_plan(scene: Scene, act: Act) -> None:
    with scene.at_desk():
        for _, case in scene.of(act):
            on = scene.on(act)
            made = service.make_plan(
                case, agreed_with="PERSON", review_on=on + timedelta(days=act.args["days"]), on=on
            )
            for words in act.args["goals"]:
                service.add_goal(case, made, words=words, on=on)


def approve_plan(scene: Scene, act: Act) -> None:
    with scene.as_("SUPERVISOR"):
        for _, case in scene.of(act):
            plan = work.plan_of(case.id)
            asked = work.open_approval(plan.id) if plan else None
            if asked is not None:
                service.decide_approval(case, asked, approve=True)


def task(scene: Scene, act: Act) -> None:
    with scene.at_desk() as who:
        for i, case in scene.of(act):
            made = service.set_task(
                case, kind=act.args["kind"], words=act.args["words"], assigned_to=who.user_id,
                due_on=scene.on(act) + timedelta(days=act.args["days"]),
            )  # fmt: skip
            scene.tasks[act.ref, i] = made


def finish_task(scene: Scene, act: Act) -> None:
    with scene.at_desk():
        for i, case in scene.of(act):
            made = scene.tasks.get((act.ref, i))
            if made is not None and case.status == "OPEN":
                service.finish_task(case, made, outcome=act.args["outcome"])


def note(scene: Scene, act: Act) -> None:
    with scene.as_(act.args["role"]):
        for _, case in scene.of(act):
            if case.status == "OPEN":
                service.add_note(case, words=act.args["words"], level=act.args["level"])


def raise_alert(scene: Scene, act: Act) -> None:
    """An alert by hand; a medicine that runs out is a day that is written down, and the alert follows."""
    with scene.at_desk():
        for _, case in scene.of(act):
            if act.args["code"] == "MEDICINE_RUNS_OUT":
                until = end_of(scene.on(act) + timedelta(days=3), scene.timezone)
                people_service.note_medicine(case, until)
                continue
            service.raise_alert(case, code=act.args["code"], words=act.args["words"])


def agree_transfer(scene: Scene, act: Act) -> None:
    """Each adult is asked, alone, whether the file may move."""
    with scene.at_desk():
        for i, case in scene.of(act):
            new = NewConsent("CASE_TRANSFER", form="SIGNED", language=scene.story.family.language, alone=True)
            people_service.record_consent(case, scene.persons[i], new, on=scene.on(act))


def offer_files(scene: Scene, act: Act) -> None:
    from workers.demo.perform import team_called

    with scene.at_desk():
        first, *_ = [case for _, case in scene.of(act)]
        ids = [case.id for _, case in scene.of(act)]
        offer = service.Offer(ids, team_called(act.args["to"]), act.args["arrives_on"])
        scene.handovers[act.ref] = service.offer_handover(first, offer).id


def accept_files(scene: Scene, act: Act) -> None:
    made = scene.handovers.get(act.ref)
    if made is None:
        return
    with scene.as_("CASEWORKER", act.args["to"]):
        service.accept_handover(handing.one(made, access.current(), lock=True))
        session.flush()


def arrive(scene: Scene, act: Act) -> None:
    made = scene.handovers.get(act.ref)
    if made is None:
        return
    with scene.as_("CASEWORKER", act.args["to"]):
        found = handing.one(made, access.current(), lock=True)
        for member in found.members:
            if session.get(Case, member.case_id) is not None:
                service.arrived(found, member)
