"""The demo's directory: filled in once, with languages, hours and some entries that nobody has confirmed."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.places.models import (
    DirectoryChange,
    Organisation,
    Service,
    ServiceContact,
    ServiceLanguage,
    Site,
)
from caseapp.places.rules.freshness import freshness
from tests.conftest import Database
from workers.demo import accounts, directory, places

TODAY = date(2025, 11, 23)


def _kept() -> dict[str, object]:
    services = session.execute(sa.select(Service, Site).join(Site, Site.id == Service.site_id)).all()
    return {
        "services": sorted((site.code, s.kind, s.confirmed_at, s.referral_method) for s, site in services),
        "languages": sorted(
            session.execute(
                sa.select(Site.code, Service.kind, ServiceLanguage.language)
                .join(Service, Service.id == ServiceLanguage.service_id)
                .join(Site, Site.id == Service.site_id)
            ).all()
        ),
        "changes": session.scalar(sa.select(sa.func.count()).select_from(DirectoryChange)),
    }


def test_it_is_filled_in_once_and_the_same_for_the_same_seed(committed_db: Database, tmp_path: Path) -> None:
    places.found(accounts.kept(tmp_path), 7, TODAY)
    directory.keep(7, TODAY)
    session.commit()
    first = _kept()
    directory.keep(7, TODAY)
    session.commit()
    assert _kept() == first
    states = Counter(
        freshness(s.kind, s.confirmed_at, clock.now())
        for s in session.scalars(sa.select(Service).where(Service.active))
    )
    assert states["CONFIRMED"] > states["STALE"] > 0 and states["NEVER"] == 0
    spoken = {row[2] for row in first["languages"]}  # type: ignore[attr-defined]
    assert {"kek", "mam", "quc", "gym", "miq", "cab", "spa", "eng"} <= spoken
    assert session.scalar(sa.select(sa.func.count()).select_from(Site).where(Site.code.like("%-VEC"))) == 7
    assert (
        session.scalar(
            sa.select(sa.func.count()).select_from(Organisation).where(Organisation.code.like("%VEC"))
        )
        == 7
    )
    session.remove()
    with sa.create_engine(committed_db.owner).connect() as owner:
        phones = owner.scalars(sa.select(ServiceContact.phone)).all()
    assert phones and all(p and p.split()[-1].startswith("0") for p in phones)  # given to nobody
