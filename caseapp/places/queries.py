"""Questions about sites. Nothing here is a secret of a person; lists are sorted by the stored key."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.places.models import Site


def sites(country: str | None = None, *, closed: bool = False) -> Sequence[Site]:
    """The sites of a country (ISO 3166 alpha-3; None: of all), without those closed unless asked."""
    wanted = sa.select(Site).order_by(Site.sort_key)
    if country is not None:
        wanted = wanted.where(Site.country == country)
    if not closed:
        wanted = wanted.where(sa.or_(Site.closed_on.is_(None), Site.closed_on > clock.today()))
    return session.scalars(wanted).all()


def site(site_id: UUID) -> Site:
    """One site; raises `sqlalchemy.exc.NoResultFound` for an id that is not there."""
    return session.get_one(Site, site_id)


def site_of_code(code: str) -> Site | None:
    """The site called `MX-TAP`, or None."""
    return session.scalars(sa.select(Site).where(Site.code == code)).one_or_none()
