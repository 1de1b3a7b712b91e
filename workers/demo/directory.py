"""The demo's service directory, from `demo/directory.yml`: what the teams offer, in which hours and languages, and a
neighbourhood centre in each country that has no account. Kept by each country's data steward through the verbs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
import yaml

from caseapp.accounts.models import Team
from caseapp.core import clock, reference
from caseapp.core.db import session
from caseapp.places.forms import turns_of
from caseapp.places.models import Service, ServiceHours, Site, SiteKind
from caseapp.places.rules.entry import Directory, Group, Offer, Spot, made_id
from caseapp.places.rules.opening import Closure, Hours
from caseapp.places.service import exchange, keeping
from caseapp.places.service.keeping import Changed, Contact
from workers.demo import calibration, places
from workers.demo.acting import acting


@cache
def file() -> dict[str, Any]:
    """`demo/directory.yml` as it is."""
    found: dict[str, Any] = yaml.safe_load((reference.ROOT / "demo" / "directory.yml").read_text("utf-8"))
    return found


def keep(seed: int, today: date) -> None:
    """Fill in what no start has filled in yet; commits nothing."""
    for country, line in file()["countries"].items():
        steward = places.worker("DATA_STEWARD", f"{country}-COMMISSION_STATISTICS")
        with clock.held_at(datetime(today.year, today.month, today.day, 15, tzinfo=UTC)), acting(steward):
            # Once: read again, it would put back what the steward has filled in since.
            if not session.scalar(sa.select(Site.id).where(Site.code == line["code"])):
                exchange.take_in(_centre(country, line, today), exchange.Report())
                session.flush()
        for service, site in _unfilled(country):
            random = calibration.stream(seed, "directory", site.code, service.kind)
            asked = (
                random.randrange(1, 28)
                if random.randrange(10) >= file()["stale"]
                else random.randrange(95, 400)
            )
            moment = datetime(today.year, today.month, today.day, 14, tzinfo=UTC) - timedelta(days=asked)
            with clock.held_at(moment), acting(steward):
                keeping.change(service, _facts(service, site, line, random, today), version=None)


def _unfilled(country: str) -> list[tuple[Service, Site]]:
    hours = sa.select(ServiceHours.id).where(ServiceHours.service_id == Service.id)
    rows = session.execute(
        sa.select(Service, Site)
        .join(Site, Site.id == Service.site_id)
        .outerjoin(Team, Team.id == Service.team_id)
        .where(Site.country == country, ~Service.always_open, ~hours.exists())
        .order_by(Site.code, Service.kind)
    ).all()
    return [(row[0], row[1]) for row in rows]


def _facts(service: Service, site: Site, line: dict[str, Any], random: Any, today: date) -> Changed:
    hours = file()["hours"].get(service.kind, file()["hours"]["OTHER"])
    youngest, oldest = file()["ages"].get(service.kind, (None, None))
    given: dict[str, Any] = next(
        (o for o in file()["offers"] if o["kind"] == service.kind and service.team_id is None), {}
    )
    also = random.sample(line["also"], k=random.randrange(1, 3))
    number = f"{line['calls']} 0{random.randrange(10**5):05d}"
    closed = (
        [Closure(date(today.year, 12, 20), date(today.year + 1, 1, 6), "SEASON")]
        if given.get("closed")
        else []
    )
    return Changed(
        {
            "name": service.name, "age_from": youngest, "age_to": oldest, "always_open": hours == "always",
            "referral_method": service.referral_method, "cost": given.get("cost", "FREE"),
            "answer_hours": given.get("answer_hours"),
        },
        [*line["speaks"], *also],
        {
            "SEX": given.get("sex", ()), "DOCUMENT": file()["documents"].get(service.kind, ()),
            "ACCESSIBILITY": given.get("accessibility") or random.sample(["STEP_FREE", "CHILD_SPACE", "PUBLIC_TRANSPORT"], k=2),
        },
        [] if hours == "always" else list(_week(hours)), closed,
        [Contact("DUTY", phone=number)] if site.kind != SiteKind.SAFE_HOUSE else None, None,
    )  # fmt: skip


def _week(hours: dict[str, str]) -> Iterator[Hours]:
    for days, typed in hours.items():
        first, last = (int(d) for d in days.split("-"))
        yield from (Hours(day, a, b) for day in range(first, last + 1) for a, b in turns_of(typed))


def _centre(country: str, line: dict[str, Any], today: date) -> Directory:
    """The neighbourhood centre of a country, as a file would bring it."""
    group, spot = made_id("demo", "group", country), made_id("demo", "spot", country)
    offers = [
        Offer(
            made_id("demo", "offer", country, o["kind"]), spot, o["kind"], o["name"], o["referral_method"],
            source="demo", source_key=f"{country}-{o['kind']}",
        )
        for o in file()["offers"]
    ]  # fmt: skip
    return Directory(
        (Group(group, country, f"DEMO-{line['code'][:2]}-VEC", line["group"], "NGO", (line["acronym"],)),),
        (
            Spot(
                spot, line["code"], country, "OFFICE", line["name"], line["timezone"], group, line["admin1"], line.get("admin2"),
                f"{line['at'][0]:.5f}", f"{line['at'][1]:.5f}",
            ),
        ),
        tuple(sorted(offers, key=lambda o: o.id)),
    )  # fmt: skip
