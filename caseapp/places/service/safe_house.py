"""Where a safe house is: sealed with a key of its own, behind a policy, for its own teams and those given the right.

Nothing else of the product reads these rows: the directory, its exports, searches, maps, referrals and pages have no
way to an address of a safe house (DO_NO_HARM).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, audit, clock, crypto
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours
from caseapp.places.models import SafeHouse, SafeHouseAccess, Site, SiteKind


@dataclass(frozen=True)
class Whereabouts:
    """Where a safe house is and who answers there, day and night."""

    address: str = ""
    directions: str = ""
    phone: str = ""
    duty_phone: str = ""
    latitude: str = ""
    longitude: str = ""


def _aad(site_id: UUID) -> bytes:
    return f"safe_house:whereabouts:{site_id}".encode()


def row_of(site_id: UUID) -> SafeHouse | None:
    """The sealed row, for those whom the policy shows it; None for everybody else, as where none was written."""
    return session.scalars(
        sa.select(SafeHouse).where(SafeHouse.site_id == site_id).execution_options(populate_existing=True)
    ).one_or_none()


def whereabouts(site_id: UUID) -> Whereabouts | None:
    """Where it is, for its own teams and those given the right; None for everybody else. Each look is audited."""
    row = row_of(site_id)
    if row is None:
        return None
    audit.record("viewed", "safe_house", site_id)
    plain = crypto.unseal(crypto.key_of(site_id), row.whereabouts_sealed, _aad(site_id))
    return Whereabouts(**json.loads(plain))


def write(site: Site, new: Whereabouts, *, version: int | None = None) -> None:
    """Write where it is. Raises NotYours for a site that is no safe house of one's own, ChangedMeanwhile."""
    if site.kind != SiteKind.SAFE_HOUSE or site.id not in own_sites():
        raise NotYours
    row = row_of(site.id)
    if row is None:
        crypto.new_key(site.id, site.country)
    elif version is not None and version != row.version:
        raise ChangedMeanwhile
    sealed = crypto.seal(crypto.key_of(site.id), json.dumps(asdict(new)).encode(), _aad(site.id))
    if row is None:
        session.add(SafeHouse(site_id=site.id, whereabouts_sealed=sealed))
    else:
        row.whereabouts_sealed = sealed
    session.flush()
    audit.record("changed", "safe_house", site.id)


def own_sites() -> frozenset[UUID]:
    """The sites at which somebody works with files or beds."""
    roles = access.CASE_ROLES | access.SITE_ROLES
    return frozenset(g.site_id for g in access.current().grants if g.role in roles and g.site_id is not None)


def give_access(site: Site, team_id: UUID, until: date) -> SafeHouseAccess:
    """Let another team read where the house is, up to the day before `until`. Raises NotYours."""
    who = access.current()
    if site.kind != SiteKind.SAFE_HOUSE or site.id not in own_sites() or who.user_id is None:
        raise NotYours
    made = SafeHouseAccess(
        site_id=site.id, team_id=team_id, granted_by_id=who.user_id, granted_at=clock.now(), valid_to=until
    )
    session.add(made)
    session.flush()
    audit.record("granted", "safe_house", site.id)
    return made


def end_access(site: Site, access_id: UUID) -> None:
    """Take the right back at once. Raises NotYours."""
    row = session.scalars(
        sa.select(SafeHouseAccess).where(SafeHouseAccess.id == access_id, SafeHouseAccess.site_id == site.id)
    ).one_or_none()
    if row is None or site.id not in own_sites():
        raise NotYours
    row.ended_at = clock.now()
    session.flush()
    audit.record("ended", "safe_house", site.id)


def readers(site_id: UUID) -> list[SafeHouseAccess]:
    """The rights that hold, for the house's own teams."""
    return list(
        session.scalars(
            sa.select(SafeHouseAccess)
            .where(
                SafeHouseAccess.site_id == site_id, SafeHouseAccess.ended_at.is_(None),
                SafeHouseAccess.valid_to > clock.today(),
            )
            .order_by(SafeHouseAccess.granted_at, SafeHouseAccess.id)
        )
    )  # fmt: skip
