"""Verbs of the demo on solutions: plans, permits, trainings and jobs. An act whose ground is gone is left out."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from caseapp.solutions import rules
from caseapp.solutions import service as solutions
from caseapp.solutions.models import Employment, Training, WorkPermit
from workers.demo.acts import Act
from workers.demo.calibration import stream

if TYPE_CHECKING:
    from workers.demo.perform import Scene


def plan(scene: Scene, act: Act) -> None:
    with scene.at_desk():
        for i, case in scene.of(act):
            random = stream("resettlement", case.number)
            scene.plans[act.ref, i] = solutions.plan(
                case, pathway=act.args["pathway"], on=scene.on(act), **_category(act.args["pathway"], random)
            )


def _category(pathway: str, random: Random) -> dict[str, str]:
    if pathway != "RESETTLEMENT":
        return {}
    return {
        "category": random.choice(rules.CATEGORIES),
        "priority": random.choice(("URGENT", "NORMAL", "NORMAL")),
    }


def step(scene: Scene, act: Act) -> None:
    step = act.args["step"]
    with scene.at_desk():
        for i, case in scene.of(act):
            made = scene.plans.get((act.ref, i))
            why = stream("failed", case.number).choice(rules.FAIL_REASONS[:-1]) if step == "FAILED" else None
            if made is not None:
                solutions.step(case, made, step=step, on=scene.on(act), reason=why)


def permit(scene: Scene, act: Act) -> None:
    ((_i, case),) = scene.of(act)
    with scene.at_desk():
        scene.work[act.ref] = solutions.ask_permit(
            case, state=act.args["state"], on=scene.on(act), missing=act.args["missing"]
        )


def move_permit(scene: Scene, act: Act) -> None:
    ((_i, case),) = scene.of(act)
    row, on = scene.work.get(act.ref), scene.on(act)
    if isinstance(row, WorkPermit):
        until = on + timedelta(days=act.args["valid_days"]) if "valid_days" in act.args else None
        with scene.at_desk():
            solutions.move_permit(
                case, row, to=act.args["to"], on=on, reason=act.args.get("reason"), valid_to=until
            )


def enrol(scene: Scene, act: Act) -> None:
    ((_i, case),) = scene.of(act)
    with scene.at_desk():
        scene.work[act.ref] = solutions.enrol(
            case, kind=act.args["kind"], on=scene.on(act), level=act.args["level"]
        )


def move_training(scene: Scene, act: Act) -> None:
    ((_i, case),) = scene.of(act)
    row = scene.work.get(act.ref)
    if isinstance(row, Training):
        with scene.at_desk():
            solutions.move_training(
                case, row, to=act.args["to"], on=scene.on(act), level=act.args.get("level"), reason=act.args.get("reason")
            )  # fmt: skip


def job(scene: Scene, act: Act) -> None:
    ((_i, case),) = scene.of(act)
    on = scene.on(act)
    with scene.at_desk():
        scene.work[act.ref] = solutions.offer_job(
            case, form=act.args["form"], on=on, employer=act.args["employer"],
            employer_checked_on=on if act.args["checked"] else None,
        )  # fmt: skip


def move_job(scene: Scene, act: Act) -> None:
    ((_i, case),) = scene.of(act)
    row = scene.work.get(act.ref)
    if isinstance(row, Employment):
        with scene.at_desk():
            solutions.move_job(case, row, to=act.args["to"], on=scene.on(act), reason=act.args.get("reason"))
