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


ROUTES = {
    ("programme.index", "GET"): lambda db, ns: "/registers",
    ("programme.show", "GET"): lambda db, ns: "/registers/trainings",
    ("programme.new", "GET"): lambda db, ns: "/registers/trainings/new",
    ("programme.enter", "POST"): lambda db, ns: ("/registers/trainings/new", TYPED),
    ("programme.correct", "GET"): _of(),
    ("programme.put_right", "POST"): _of("", TYPED),
    ("programme.withdraw", "POST"): _of("/withdraw", {}),
    ("programme.import_file", "GET"): lambda db, ns: "/registers/trainings/import",
    ("programme.take_in", "POST"): _file,
}
