"""A valid request for each route of the registers, aimed at an entry of the namespace's team."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

from caseapp.programme.models import OfficialTraining

TYPED = {
    "held_on": "2025-11-20", "place": "MX07", "institution": "POLICE", "topic": "ASYLUM_LAW", "trainer": "UN",
    "women": "12", "men": "3", "others": "",
}  # fmt: skip


def make_training(db: Any, team: Any, **values: Any) -> OfficialTraining:
    with db.as_owner():
        row = OfficialTraining(
            **{
                "country": team.country, "team_id": team.id, "entered_at": datetime(2025, 11, 21, tzinfo=UTC),
                "held_on": date(2025, 11, 20), "place": "MX07", "institution": "POLICE", "topic": "ASYLUM_LAW",
                "trainer": "UN", "women": 12, "men": 3, "others": 0, **values,
            }
        )  # fmt: skip
        db.session.add(row)
    return row


def _of(path: str = "", data: Any = None) -> Any:
    def build(db: Any, ns: Any) -> Any:
        url = f"/registers/trainings/{make_training(db, ns.team).id}{path}"
        return url if data is None else (url, data)

    return build


def _file(db: Any, ns: Any) -> Any:
    content = "\n".join([",".join(TYPED), ",".join(TYPED.values())]).encode()
    return "/registers/trainings/import", {"file": (io.BytesIO(content), "t.csv"), "dry_run": "y"}


def _own(url: str, data: Any = None) -> Any:
    """A register is named by a word, and is one's own team's for whoever asks: it names no record."""

    def build(db: Any, ns: Any) -> Any:
        return url if data is None else (url, data)

    build.public = True  # type: ignore[attr-defined]
    return build


_file.public = True  # type: ignore[attr-defined]

ROUTES = {
    ("programme.index", "GET"): _own("/registers"),
    ("programme.show", "GET"): _own("/registers/trainings"),
    ("programme.new", "GET"): _own("/registers/trainings/new"),
    ("programme.enter", "POST"): _own("/registers/trainings/new", TYPED),
    ("programme.correct", "GET"): _of(),
    ("programme.put_right", "POST"): _of("", TYPED),
    ("programme.withdraw", "POST"): _of("/withdraw", {}),
    ("programme.import_file", "GET"): _own("/registers/trainings/import"),
    ("programme.take_in", "POST"): _file,
}
