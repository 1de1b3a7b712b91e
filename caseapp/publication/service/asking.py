"""Asking for a release or a revision: a row DRAFT, written as role `app`; the figures worker makes it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from caseapp.core import clock, reference
from caseapp.core.access import Principal
from caseapp.core.db import session, uuid7
from caseapp.core.errors import says
from caseapp.publication import rules, sites
from caseapp.publication.access import countries_as
from caseapp.publication.models import Release, Status

STEWARD = "DATA_STEWARD"
OPEN = (Status.DRAFT.value, Status.AWAITING_APPROVAL.value)

says("ck_release_unconfirmed_explained", lambda: rules.NotConfirmed())
says("ck_release_revision_explained", lambda: rules.RevisionReasonMissing())
says("release_edition_in_order", lambda: rules.NotReleased())


def ask(
    country: str, period: str, *, by: Principal, size: int | None = None, unconfirmed_code: str | None = None
) -> Release:
    """Ask for a release; the figures worker makes it, of what is recorded by now. `size`: see `make`.
    `unconfirmed_code` (list `unconfirmed_reason`): why it does not wait for sites that have not signed the month.

    Raises a refusal of `rules.may_make` or `rules.must_explain`; the caller commits.
    """
    mine = sa.select(Release).where(Release.country == country)
    last = session.scalar(
        mine.with_only_columns(sa.func.max(Release.period)).where(Release.status == Status.APPROVED.value)
    )
    has_open = session.scalar(mine.with_only_columns(sa.func.count()).where(Release.status.in_(OPEN)))
    rules.may_make(
        period, today=sites.today_in(session.connection(), country), country=country,
        steward_of=countries_as(by, STEWARD), last_approved=last, has_open=bool(has_open),
    )  # fmt: skip
    without = unconfirmed(session.connection(), country, period, unconfirmed_code)
    return _asked(country, period, by, size=size, **without)


def ask_revision(country: str, period: str, *, by: Principal, code: str, reason: str) -> Release:
    """Ask for the next edition of a released month: counted again from what is recorded by now. In: why, as a code
    (list `revision_reason`) and as a sentence that readers see. Raises a refusal of `rules.may_revise`; the caller
    commits."""
    mine = sa.select(Release).where(Release.country == country)
    editions = session.scalars(
        mine.with_only_columns(Release.edition).where(
            Release.period == period, Release.status == Status.APPROVED.value
        )
    ).all()
    has_open = session.scalar(mine.with_only_columns(sa.func.count()).where(Release.status.in_(OPEN)))
    edition = rules.may_revise(
        period,
        country=country,
        steward_of=countries_as(by, STEWARD),
        editions=editions,
        has_open=bool(has_open),
    )
    return _asked(country, period, by, edition=edition, **explained(code, reason))


def unconfirmed(connection: sa.Connection, country: str, period: str, code: str | None) -> dict[str, Any]:
    """The columns that say how many sites had not signed when a release was asked for, and why it did not wait."""
    signing = sites.months_confirmed(connection, country, period, clock.now())
    count = sum(not one.is_confirmed for one in signing)
    known = {value for value, _label in reference.choices("unconfirmed_reason")}
    return {"unconfirmed": count, "unconfirmed_code": rules.must_explain(count, code, known)}


def explained(code: str, reason: str) -> dict[str, Any]:
    """The columns that say why a revision is made. Raises RevisionReasonMissing."""
    known = {value for value, _label in reference.choices("revision_reason")}
    return {"revision_code": code, "revision_reason": rules.must_give_reason(code, reason, known)}


def name_of(country: str, period: str, edition: int) -> str:
    """`MEX-2025-09`, or `MEX-2025-09-R1` for its first revision."""
    return f"{country}-{period}-R{edition}" if edition else f"{country}-{period}"


def _asked(country: str, period: str, by: Principal, edition: int = 0, **columns: Any) -> Release:
    assert by.user_id is not None
    release_id = uuid7()
    # Only these columns: the role may set no others.
    session.execute(
        sa.insert(Release).values(
            id=release_id, name=name_of(country, period, edition), country=country, period=period, edition=edition,
            status=Status.DRAFT.value, made_by_id=by.user_id, made_at=clock.now(), **columns,
        )
    )  # fmt: skip
    return session.get_one(Release, release_id)
