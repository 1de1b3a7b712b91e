"""Signing a site's month."""

from __future__ import annotations

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.casefile.access import CONFIRM_MONTH
from caseapp.casefile.month import rules
from caseapp.casefile.month.models import SiteMonth
from caseapp.core import access, audit, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, says
from caseapp.places.models import Site

says("ck_site_month_month_is_over", lambda: rules.MonthNotOver())
says("uq_site_month_team_id_month_number", lambda: ChangedMeanwhile())


def sign(team: Team, month: str, *, note: str | None = None, after: int = 0) -> SiteMonth:
    """Sign a team's month at its site; whoever signs again adds the next number. The caller commits.

    In: a remark of the list `month_note` or none; `after`, the number of the signature that the signer has seen (0:
    none). Raises NotYours (not this person's team, or a team without a site), MonthNotOver, NoteUnknown,
    ChangedMeanwhile (somebody signed in between).
    """
    who = access.current()
    site = session.get(Site, team.site_id) if team.site_id else None
    if site is None or who.user_id is None or team.id not in who.teams_as(*CONFIRM_MONTH.roles):
        raise NotYours
    notes = {code for code, _label in reference.choices("month_note")}
    rules.may_sign(month, today=clock.today(site.timezone), note=note, notes=notes)
    last = session.scalar(
        sa.select(sa.func.max(SiteMonth.number)).where(SiteMonth.team_id == team.id, SiteMonth.month == month)
    )
    if (last or 0) != after:
        raise ChangedMeanwhile
    row = SiteMonth(
        site_id=site.id, team_id=team.id, month=month, number=after + 1, note=note, signed_by_id=who.user_id,
        signed_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record("signed", "site_month", row.id, month)
    return row
