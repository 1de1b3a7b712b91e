"""Consent in the demo: taken back during a stay, and acting without it. Drawn from no stream: the scenes that stand in
the middle of something tell them at fixed hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caseapp.people import queries as people
from caseapp.people import service as people_service
from workers.demo.acts import Act

if TYPE_CHECKING:
    from workers.demo.perform import Scene


def take_back(scene: Scene, act: Act) -> None:
    """One adult takes the consent to shelter back; the shelter keeps the minimum until departure."""
    (i,) = act.who
    with scene.at_desk():
        for row in people.consents_of(scene.cases[i].id):
            if row.purpose == "REFER_SHELTER" and row.state == "GIVEN":
                people_service.withdraw_consent(scene.cases[i], row, on=scene.on(act))


def act_without(scene: Scene, act: Act) -> None:
    """Somebody could not be asked; it waits for a second person's eyes and for the person to be told."""
    (i,) = act.who
    with scene.at_desk():
        if people.consent_for(scene.cases[i].id, "REFER_HEALTH", scene.on(act)) is not None:
            return
        people_service.waive(
            scene.cases[i], scene.persons[i], purpose="REFER_HEALTH", basis="VITAL_INTEREST",
            reason="Llegó sin conocimiento; se llamó a la ambulancia.", on=scene.on(act),
        )  # fmt: skip
