"""The shelters of a country together: where it is full, how long people stay, how they answer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, audit, reference
from caseapp.core.access import needs
from caseapp.core.commits import records_view
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _, ngettext
from caseapp.core.pages import day
from caseapp.shelter import queries
from caseapp.shelter.access import NETWORK
from caseapp.shelter.network import queries as network
from caseapp.shelter.network import rules
from caseapp.shelter.queries import Night
from caseapp.shelter.views import blueprint

NIGHTS = 7
#: How far from tonight a week may begin, and over how many days stays and answers are told.
FARTHEST, WINDOW = timedelta(days=90), timedelta(days=90)


@blueprint.get("/shelter/network")
@needs(NETWORK)
@records_view
def see_network() -> ResponseReturnValue:
    """Beds by site and night; nights of stay and refusals by group of reasons, rounded."""
    teams = network.shelters(access.current())
    own = queries.shelters_of(access.current())
    if not own or own[0].site is None:
        raise NotYours
    tonight = queries.night_to_book(own[0].site)
    first = _week(tonight)
    since = tonight - WINDOW
    countries = sorted({t.country for t in own})
    beds = network.nights_of(teams, first, NIGHTS)
    stays, answered = network.lengths(countries, since), network.answers(countries, since)
    audit.record("viewed", "shelter_network")
    names = {t.id: t.site.name for t in teams if t.site is not None}
    return render_template(
        "shelter/network.html",
        page_title=_("Albergues de la red"),
        nights=[
            {"text": f"{n:%d/%m}", "key": n.isoformat(), "tonight": n == tonight} for n in _nights(first)
        ],
        rows=[_row(t, beds.get(t.id, []), stays.get(t.id)) for t in teams],
        refusals=_refusals(names, answered),
        patterns=_patterns(names, answered),
        since=day(since),
        week=_("%(first)s a %(last)s", first=day(first), last=day(_nights(first)[-1])),
        before=url_for("shelter.see_network", first=(first - timedelta(days=NIGHTS)).isoformat()),
        after=url_for("shelter.see_network", first=(first + timedelta(days=NIGHTS)).isoformat()),
    )


def _week(tonight: date) -> date:
    try:
        asked = date.fromisoformat(request.args.get("first", ""))
    except ValueError:
        return tonight
    return asked if abs(asked - tonight) <= FARTHEST else tonight


def _nights(first: date) -> list[date]:
    return [first + timedelta(days=i) for i in range(NIGHTS)]


def _row(team: Team, nights: list[Night], stayed: network.Length | None) -> dict[str, Any]:
    assert team.site is not None
    full = rules.full_nights([n.free for n in nights])
    return {
        "site": team.site.name,
        "free": {n.night.isoformat(): _("%(a)s de %(b)s", a=n.free, b=n.capacity) for n in nights},
        "full": {n.night.isoformat() for n in nights if n.free <= 0},
        "gaps": rules.gaps([(n.blocked, n.capacity) for n in nights]),
        "nights_full": ngettext("%(num)s noche", "%(num)s noches", full) if full else "",
        "median": f"{stayed.median:.0f}" if stayed else "",
        "p90": f"{stayed.p90:.0f}" if stayed else "",
    }


def _refusals(names: dict[UUID, str], found: dict[UUID, network.Answers]) -> list[dict[str, Any]]:
    rows = []
    for team_id, name in names.items():
        told = found.get(team_id)
        if told is None:
            continue
        groups = sorted(told.declined.items(), key=lambda g: (-g[1], g[0]))
        rows.append(
            {
                "site": name,
                "answered": _about(told.answered),
                "groups": [
                    {"label": reference.label("reason_group", group), "count": _about(count)}
                    for group, count in groups
                ],
            }
        )
    return rows


def _about(count: int) -> str:
    return _("cerca de %(n)s", n=count) if count else _("menos de %(n)s", n=rules.STEP)


def _patterns(names: dict[UUID, str], found: dict[UUID, network.Answers]) -> list[str]:
    declined = {names[team]: told.declined for team, told in found.items() if team in names}
    return [
        _(
            "%(site)s: %(percent)s %% de sus negativas son por «%(group)s»; en los demás, %(elsewhere)s %%.",
            site=p.site, percent=p.percent, group=reference.label("reason_group", p.group), elsewhere=p.elsewhere,
        )
        for p in rules.patterns(declined)
    ]  # fmt: skip
