"""How receivers answer beside the ordinary way: what they say with a no, an answer by telephone, a parish without an
account on its one-time page; and which referral was made because of another. Drawn by the referral's own number, so
that nothing else that is drawn depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from caseapp.core import clock
from caseapp.referral import service as referral
from caseapp.referral.fitting import published
from caseapp.referral.models import Referral
from caseapp.referral.rules import unlocking
from caseapp.referral.service import linking
from config.settings import settings
from workers.demo.acts import Act

if TYPE_CHECKING:
    from workers.demo.perform import Scene

#: Places without an account, by country, and who answers there (invented).
PARISHES = {"MEX": "MX-NAN-SHELTER", "GTM": "GT-NAN-SHELTER"}
NAMES = ("Hna. Inventada Demo", "P. Imaginado Demo", "Sra. Supuesta Demo", "Sr. Figurado Demo")

TRAITS = ("STEP_FREE", "FAMILY_ROOM", "LOWER_BUNK", "ACCESSIBLE_BATH", "WOMEN_ONLY", "COT")
WORDS = {
    "TOO_FAR": "Solo el municipio.", "NOT_ELIGIBLE": "", "OTHER": "Hable con nosotros mañana por la mañana.",
}  # fmt: skip


def unlocks_of(random: Random, reason: str, on: date) -> dict[str, Any]:
    """A plausible answer to what the reason asks; a day or a code that may be left out sometimes is."""
    asked = unlocking.ASKED[reason]
    said: dict[str, Any] = {}
    codes = TRAITS if asked.group == "TRAIT" else unlocking.codes_of(reason)
    if codes and ("code" in asked.must or random.random() < 0.8):
        said["unlocks_code"] = random.choice(codes)
    if "on" in asked.fields and random.random() < 0.75:
        said["unlocks_on"] = on + timedelta(days=random.choice((1, 1, 2, 3, 5, 7)))
        if "hour" in asked.fields:
            said["unlocks_hour"] = random.choice((6, 7, 8, 19, 20))
    if "words" in asked.fields:
        said["unlocks"] = WORDS[reason]
    return said


def say_no(scene: Scene, found: Referral, reason: str, on: date) -> None:
    """Decline, with what would make it possible."""
    said = unlocks_of(Random(f"{found.number} unlocks"), reason, on)
    if reason == "NOT_ELIGIBLE" and not unlocking.may_name(said["unlocks_code"], published(found)):
        said["unlocks_code"] = "RULE_NOT_PUBLISHED"
    referral.decline(found, reason, **said)


def ground_of(scene: Scene, act: Act) -> Referral | None:
    """Some services are asked because a family moves to a shelter, and are withdrawn with it."""
    if act.args["kind"] in ("SHELTER", "SAFE_SHELTER"):
        return None
    moving = [
        r
        for r in scene.referrals.values()
        if r.kind == "SHELTER" and r.state in ("SENT", "INFO_ASKED", "ACCEPTED")
    ]
    same = {case.id for _, case in scene.of(act)}
    ours = [r for r in moving if same & {m.case_id for m in r.members}]
    return ours[-1] if ours and Random(f"{ours[-1].number} because").random() < 0.5 else None


def by_telephone(scene: Scene, found: Referral) -> bool:
    """A yes that the sender writes down, read back; whether this one was."""
    if Random(f"{found.number} telephone").random() > 0.12:
        return False
    with scene.at_desk():
        referral.accept(
            found,
            channel="PHONE_RECORDED_BY_SENDER",
            answered_by_name=Random(found.number).choice(NAMES),
            read_back=True,
        )
    return True


def ask_the_parish(scene: Scene, refused: Referral, act: Act) -> None:
    """Some families that a shelter did not take, and for whom no other is asked, go to a parish that has no account: it
    reads the minimum on a one-time page, says yes or no, and notes that they came; the desk writes down the rest."""
    random = Random(f"{refused.number} parish")
    later = any(a.verb == "refer" and a.at > act.at and a.args["kind"] == "SHELTER" for a in scene.story.acts)
    code = PARISHES.get(refused.country)
    if refused.kind != "SHELTER" or later or code is None or random.random() > 0.6:
        return
    from workers.demo.perform import team_called

    at = clock.now()
    if at + timedelta(hours=20) >= _edge():
        return
    with clock.held_at(at + timedelta(minutes=9)), scene.at_desk():
        found = referral.refer(
            [m.case_id for m in refused.members], from_team=scene.team, to_team=team_called(code), kind="SHELTER",
            priority=refused.priority, first_night=refused.first_night, last_night=refused.last_night, numbers=scene.numbers,
        )  # fmt: skip
        made = linking.make_link(found)
    scene.referrals[f"{act.ref}-parish"] = found
    yes, name = random.random() < 0.75, random.choice(NAMES)
    with clock.held_at(at + timedelta(minutes=25)), _on_its_page(scene, made) as opened:
        if yes:
            referral.accept(opened, channel="ONE_TIME_PAGE", answered_by_name=name)
        else:
            said = unlocks_of(random, "NO_PLACE_TONIGHT", scene.on(act))
            referral.decline(
                opened, "NO_PLACE_TONIGHT", channel="ONE_TIME_PAGE", answered_by_name=name, **said
            )
    if not yes:
        return
    with clock.held_at(at + timedelta(hours=3)), _on_its_page(scene, made) as opened:
        referral.start(opened, channel="ONE_TIME_PAGE")
    with clock.held_at(at + timedelta(hours=20)), scene.at_desk():
        referral.complete(found, "DELIVERED_FULL", channel="PHONE_RECORDED_BY_SENDER")


def _edge() -> datetime:
    """The first moment of the demo's day: nothing has happened after it."""
    running = clock.real_now() + timedelta(seconds=settings().clock_offset_seconds)
    return datetime(running.year, running.month, running.day, tzinfo=UTC)


@contextmanager
def _on_its_page(scene: Scene, made: linking.Made) -> Iterator[Referral]:
    """The page that link and code open, to whoever has both."""
    with scene.at_desk():
        attempt = linking.try_code(made.token, linking.mac_of(made.token, made.code))
        with linking.let_in(attempt) as opened:
            yield opened
