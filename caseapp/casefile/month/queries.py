"""What a team recorded of a month at its site, and its signatures. Its own rows only: exact counts are for nobody
outside the team that holds the cases (DISCLOSURE.md, The method, 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from caseapp.accounts.models import Team, User
from caseapp.casefile.access import CONFIRM_MONTH
from caseapp.casefile.month import rules
from caseapp.casefile.month.models import SiteMonth
from caseapp.casefile.queries.timeline import sealed_events
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.journal import CaseEvent
from caseapp.places.models import Site

#: Sites whose months are confirmed: those that figures expect to hear of.
KINDS_OF_SITE = ("BORDER_POINT", "RECEPTION_CENTRE", "SHELTER")


@dataclass(frozen=True)
class Counted:
    """Events of a kind: how many stand, how many of them were entered and how many taken back since a moment."""

    kind: str
    stand: int
    entered: int
    withdrawn: int


def teams_of(who: Principal) -> Sequence[Team]:
    """The teams at sites for which somebody signs, by code."""
    wanted = (
        sa.select(Team)
        .join(Site, Site.id == Team.site_id)
        .where(Team.id.in_(who.teams_as(*CONFIRM_MONTH.roles)), Team.active, Site.kind.in_(KINDS_OF_SITE))
    )
    return session.scalars(wanted.order_by(Team.code)).all()


def team_of(who: Principal, code: str) -> Team:
    """One of these teams. Raises NotYours."""
    for team in teams_of(who):
        if team.code == code:
            return team
    raise NotYours


def signatures(
    team_ids: Sequence[UUID], months: Sequence[str]
) -> dict[tuple[UUID, str], tuple[SiteMonth, str]]:
    """The last signature under each month, with the name of who signed."""
    rows = session.execute(
        sa.select(SiteMonth, User.name)
        .join(User, User.id == SiteMonth.signed_by_id)
        .where(SiteMonth.team_id.in_(team_ids), SiteMonth.month.in_(months))
        .order_by(SiteMonth.number)
    ).all()
    return {(row.team_id, row.month): (row, name) for row, name in rows}


def counted(team: Team, month: str, since: datetime | None) -> list[Counted]:
    """What the team recorded of a month at its site, by kind in the order of `rules.KINDS`; one statement."""
    back = aliased(CaseEvent)
    withdrawn_at = (
        sa.select(sa.func.min(back.recorded_at)).where(back.withdraws_id == CaseEvent.id).scalar_subquery()
    )
    events = (
        sa.select(CaseEvent.kind, CaseEvent.recorded_at, withdrawn_at.label("withdrawn_at"))
        .where(*_of(team, month), CaseEvent.kind.in_(rules.KINDS), ~sealed_events())
        .subquery()
    )
    stands = events.c.withdrawn_at.is_(None)
    moment = sa.cast(sa.literal(since), sa.DateTime(timezone=True))
    rows = session.execute(
        sa.select(
            events.c.kind,
            sa.func.count().filter(stands),
            sa.func.count().filter(stands, events.c.recorded_at > moment),
            sa.func.count().filter(events.c.recorded_at <= moment, events.c.withdrawn_at > moment),
        ).group_by(events.c.kind)
    )
    found = {kind: Counted(kind, *numbers) for kind, *numbers in rows}
    return [found.get(kind, Counted(kind, 0, 0, 0)) for kind in rules.KINDS]


def _of(team: Team, month: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        CaseEvent.team_id == team.id, CaseEvent.site_id == team.site_id,
        CaseEvent.effective_on >= rules.first_day(month), CaseEvent.effective_on < rules.day_after(month),
    )  # fmt: skip


@dataclass(frozen=True)
class ToSign:
    """A month that waits for a team's signature, or for a new one because something changed since."""

    team: str
    site: str
    month: str
    signed_at: datetime | None


_TO_SIGN = """
    SELECT t.code AS team, s.name AS site, m.month, last.signed_at
    FROM public.team t JOIN public.site s ON s.id = t.site_id
    CROSS JOIN unnest(CAST(:months AS text[])) AS m (month)
    LEFT JOIN LATERAL (
        SELECT signed_at FROM public.site_month x WHERE x.team_id = t.id AND x.month = m.month
        ORDER BY number DESC LIMIT 1) last ON true
    WHERE t.id = ANY (CAST(:teams AS uuid[])) AND t.active AND s.kind = ANY (CAST(:kinds AS text[]))
      AND coalesce(to_char(s.opened_on, 'YYYY-MM'), '') <= m.month
      AND coalesce(to_char(s.closed_on, 'YYYY-MM'), '9999-12') >= m.month
      AND CASE WHEN last.signed_at IS NULL THEN m.month = :newest
          ELSE EXISTS (
            SELECT FROM public.case_event e
            LEFT JOIN public.case_event w ON w.withdraws_id = e.id
            WHERE e.team_id = t.id AND e.site_id = t.site_id AND e.kind = ANY (CAST(:told AS text[]))
              AND e.effective_on >= to_date(m.month, 'YYYY-MM')
              AND e.effective_on < to_date(m.month, 'YYYY-MM') + interval '1 month'
              AND ((e.recorded_at > last.signed_at AND w.id IS NULL)
                   OR (e.recorded_at <= last.signed_at AND w.recorded_at > last.signed_at))) END
    ORDER BY m.month DESC, t.code LIMIT :most OFFSET :first
"""


def to_sign(who: Principal, today: date, most: int, first: int = 0) -> list[ToSign]:
    """The last full month where it is not signed, and signed ones of the last months that have changed since."""
    teams = who.teams_as(*CONFIRM_MONTH.roles)
    if not teams:
        return []
    months = rules.last_full(today, rules.SHOWN)
    asked: dict[str, Any] = {
        "months": months, "newest": months[0], "teams": list(teams), "kinds": list(KINDS_OF_SITE),
        "told": list(rules.TOLD), "most": most, "first": first,
    }  # fmt: skip
    rows = session.execute(sa.text(_TO_SIGN), asked)
    return [ToSign(row.team, row.site, row.month, row.signed_at) for row in rows]
