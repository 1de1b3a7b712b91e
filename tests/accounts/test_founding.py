"""The file of organisations, sites and teams: what is wrong with it, and that it may be read again."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from caseapp.accounts.models import Team
from caseapp.accounts.service import founding
from caseapp.core import reference
from caseapp.core.db import session
from caseapp.places.models import Service, Site

GOOD: dict[str, Any] = {
    "organisations": [{"code": "XX-REC", "country": "MEX", "name": "Red Ñandú"}],
    "national_teams": [{"country": "MEX", "type": "COMMISSION_STATISTICS", "name": "Estadística"}],
    "sites": [
        {
            "code": "MX-XXA", "country": "MEX", "name": "Centro Ñandú", "kind": "RECEPTION_CENTRE",
            "organisation": "XX-REC", "timezone": "America/Mexico_City", "teams": ["RECEPTION_DESK", "HEALTH"],
        }
    ],
}  # fmt: skip


def found() -> founding.Founded:
    return founding.found(GOOD, date(2025, 1, 1), datetime(2025, 1, 1, tzinfo=UTC))


def test_a_file_may_be_read_again_and_again(db) -> None:
    with db.as_owner():
        first, again = found(), found()
    assert (first.rows, first.created, first.existing) == (5, 5, 0)
    assert (again.rows, again.created, again.existing) == (5, 0, 5)
    site = session.scalars(sa.select(Site).where(Site.code == "MX-XXA")).one()
    assert site.sort_key == "centro nandu" and site.rollover_hour == 12
    teams = {t.code: t for t in session.scalars(sa.select(Team))}
    assert teams["MEX-COMMISSION_STATISTICS"].site_id is None
    health = teams["MX-XXA-HEALTH"]
    assert set(session.scalars(sa.select(Service.kind).where(Service.team_id == health.id))) == {
        code.code for code in reference.codes("service_kind") if code.extra.get("team_type") == "HEALTH"
    }


@pytest.mark.parametrize(
    ("part", "word", "value", "reason"),
    [
        ("organisations", "country", "MX", "MX is not an ISO 3166 alpha-3 code"),
        ("organisations", "name", "", "is missing"),
        ("national_teams", "type", "STATISTICS", "STATISTICS is not a team type"),
        ("sites", "code", "MX-TAPA", "is not <ISO2>-<AAA>, such as MX-TAP"),
        ("sites", "kind", "HOTEL", "HOTEL is not one of"),
        ("sites", "organisation", "YY", "YY is not among the organisations"),
        ("sites", "timezone", "America/Tapachula", "America/Tapachula is not an IANA time zone"),
        ("sites", "teams", ["DESK"], "DESK is not a team type"),
    ],
)
def test_what_is_wrong_is_named(part: str, word: str, value: Any, reason: str) -> None:
    file = deepcopy(GOOD)
    file[part][0][word] = value
    [problem, *more] = founding.problems(file)
    assert problem.reason.startswith(reason) and not more


def test_a_good_file_and_the_demos_have_no_problem() -> None:
    demo = yaml.safe_load((reference.ROOT / "demo" / "sites.yml").read_text("utf-8"))
    assert founding.problems(GOOD) == [] and founding.problems(demo) == []
    assert founding.problems(["a list"]) and founding.problems(None)
