"""Keys of the open interface: made by a steward and shown once, taken back at once, checked as role `figures`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import User
from caseapp.core import audit, clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.places.models import Organisation
from caseapp.publication.access import countries_as
from caseapp.publication.api import rules
from caseapp.publication.api.models import ApiKey

STEWARD = "DATA_STEWARD"


def today() -> date:
    """Keys live in real time, as sessions do."""
    return clock.real_now().date()


def make(
    name: str, *, organisation_id: UUID, scopes: Sequence[str], countries: Sequence[str], days: int, by: Principal
) -> tuple[ApiKey, str]:  # fmt: skip
    """A new key for an organisation; returns its row and the key itself, which is kept nowhere. The caller commits.

    Raises the refusals of `rules.may_make`, NotYours for an organisation of another country.
    """
    name = name.strip()
    rules.may_make(name, scopes=scopes, countries=countries, days=days, steward_of=countries_as(by, STEWARD))
    if organisation_id not in {row.id for row in organisations(by)}:
        raise NotYours
    token = rules.PREFIX + secrets.token_urlsafe(32)
    assert by.user_id is not None
    row = ApiKey(
        organisation_id=organisation_id, name=name, hint=token[:10], token_hash=rules.hashed(token),
        scopes=sorted(set(scopes)), countries=sorted(set(countries)), made_by_id=by.user_id, made_at=clock.real_now(),
        expires_on=today() + timedelta(days=days),
    )  # fmt: skip
    # Only these columns: the role may set no others.
    values = {
        c.name: getattr(row, c.name) for c in ApiKey.__table__.columns if getattr(row, c.name) is not None
    }
    session.execute(sa.insert(ApiKey).values(**values))
    audit.record("api_key_made", "api_key", row.id, " ".join([*row.countries, *row.scopes]))
    return row, token


def revoke(key_id: UUID, *, by: Principal) -> ApiKey:
    """Take a key back: the next request with it is refused. Raises NotYours, RevokedAlready; the caller commits."""
    row = session.scalars(visible_to(by).where(ApiKey.id == key_id)).one_or_none()
    if row is None:
        raise NotYours
    rules.may_revoke(revoked=row.revoked_at is not None)
    row.revoked_at, row.revoked_by_id = clock.real_now(), by.user_id
    audit.record("api_key_revoked", "api_key", row.id)
    session.flush()
    return row


def visible_to(who: Principal) -> sa.Select[Any]:
    """Keys that read one of the countries whose steward somebody is; the policy says the same."""
    own = sa.cast(list(countries_as(who, STEWARD)), ApiKey.countries.type)
    return sa.select(ApiKey).where(ApiKey.countries.op("&&")(own))


@dataclass(frozen=True)
class Listed:
    """A key in the list, with who it is for and who made it."""

    key: ApiKey
    organisation: str
    made_by: str

    @property
    def state(self) -> rules.State:
        return rules.state_of(
            revoked=self.key.revoked_at is not None, expires_on=self.key.expires_on, today=today()
        )


def listing(who: Principal) -> list[Listed]:
    """The keys that somebody looks after, the newest first: one statement."""
    rows = session.execute(
        visible_to(who)
        .add_columns(Organisation.name, User.name)
        .join(Organisation, Organisation.id == ApiKey.organisation_id)
        .join(User, User.id == ApiKey.made_by_id)
        .order_by(ApiKey.made_at.desc(), ApiKey.id)
    ).all()
    return [Listed(*row) for row in rows]


def organisations(who: Principal) -> Sequence[Any]:
    """Whom a key may be made for: organisations of the steward's countries, by name."""
    return session.execute(
        sa.select(Organisation.id, Organisation.name, Organisation.country)
        .where(Organisation.country.in_(countries_as(who, STEWARD)))
        .order_by(Organisation.country, Organisation.sort_key)
    ).all()


@dataclass(frozen=True)
class Reader:
    """Who reads the open interface: what it may read, of which countries (None: of every one)."""

    scopes: frozenset[str]
    countries: frozenset[str] | None

    def may_read(self, country: str) -> bool:
        return self.countries is None or country in self.countries


#: Where the installation gives its released figures to everybody.
ANYBODY = Reader(frozenset(str(one) for one in rules.Scope), None)


def check(connection: sa.Connection, token: str) -> Reader | None:
    """Who a key belongs to; None if it is unknown, expired or taken back. As role `figures`: the database compares the
    hash and notes the day, and shows no account."""
    row = connection.execute(
        sa.text("SELECT scopes, countries FROM released.api_key_check(:hash, :today)"),
        {"hash": rules.hashed(token), "today": today()},
    ).one_or_none()
    return None if row is None else Reader(frozenset(row.scopes), frozenset(row.countries))
