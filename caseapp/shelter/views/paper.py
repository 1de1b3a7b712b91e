"""The night on paper, for when the network is down, and the paper entered back in one pass."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, audit, clock
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.core.i18n import _
from caseapp.core.pages import day, moment
from caseapp.places.models import Site
from caseapp.shelter import errors, present, queries
from caseapp.shelter.access import CHECK_IN, TONIGHT
from caseapp.shelter.models import Stay
from caseapp.shelter.night import queries as night
from caseapp.shelter.night import rules
from caseapp.shelter.night.queries import Tonight
from caseapp.shelter.night.service import PaperLine, enter_paper
from caseapp.shelter.rules import hour_written
from caseapp.shelter.views import blueprint
from caseapp.shelter.views.tonight import chosen_team, ids_of

BLANK_LINES = 8
ONE = timedelta(days=1)


def _listed(seen: Tonight) -> list[Stay]:
    everyone = [*seen.overdue_in, *seen.expected, *seen.present, *seen.absent]
    return sorted(everyone, key=lambda s: (s.place.code, s.id))


@blueprint.get("/shelter/tonight/print")
@needs(TONIGHT)
@records_view
def print_tonight() -> ResponseReturnValue:
    """Tonight on one sheet: place, called name, requirement, boxes to tick, empty lines for who comes without a
    referral, when it was printed and by when it is destroyed. Who asked not to stand on lists that others see has
    no name here. No other night can be printed."""
    team, _teams = chosen_team()
    assert team.site is not None
    seen = night.tonight(team, whole=False)
    audit.record("printed", "shelter_tonight", team.id)
    timezone = team.site.timezone
    destroy = clock.at(seen.night + timedelta(days=1), team.site.rollover_hour, 0, timezone)
    return render_template(
        "shelter/tonight_print.html",
        page_title=_("Lista de la noche del %(day)s", day=day(seen.night)),
        place=team.site.name if team.type != "SAFE_HOUSE" else "",
        rows=[_paper_row(stay) for stay in _listed(seen)],
        blank=range(BLANK_LINES),
        printed_at=moment(clock.now(), timezone),
        destroy_by=moment(destroy, timezone),
        back_url=url_for("shelter.tonight", team=team.code),
    )


def _paper_row(stay: Stay) -> dict[str, Any]:
    row = present.stay_row(stay, whole=False)
    return {
        "place": row["place"],
        "name": "—" if "NO_PUBLIC_LIST" in stay.requirements else row["name"],
        "life": row["life"],
        "requirements": row["requirements"],
        "in": stay.state == "IN",
    }


@blueprint.get("/shelter/tonight/paper")
@needs(CHECK_IN)
@records_view
def paper() -> ResponseReturnValue:
    """The page into which the paper is copied, line by line in the order of the sheet; `?night=before` is the sheet of
    the night that is over, for a network that came back after the roll-over hour."""
    team, teams = chosen_team()
    return _paper_page(team, teams, {})


def _paper_page(team: Team, teams: list[Team], wrong: dict[str, str]) -> str:
    assert team.site is not None
    tonight, of = queries.tonight_at(team.site), _night_asked(team.site)
    listed = night.held_on(team, of) if of < tonight else _listed(night.tonight(team, whole=False))
    audit.record("viewed", "shelter_paper", team.id)
    rows = []
    for stay in sorted(listed, key=lambda s: (s.place.code, s.id)):
        row = present.stay_row(stay, whole=False)
        one = row["id"]
        rows.append(
            {**row, "in": stay.state == "IN", "mark": request.form.get(f"mark-{one}", ""),
             "at": request.form.get(f"at-{one}", ""), "wrong": wrong.get(one, "")}
        )  # fmt: skip
    errors_at = [
        {"text": f"{r['place']}: {r['wrong']}", "field_id": f"at-{r['id']}"} for r in rows if r["wrong"]
    ]
    if "" in wrong:
        errors_at.append({"text": wrong[""], "field_id": "paper"})
    return render_template(
        "shelter/paper.html",
        page_title=_("Pasar la lista de papel"),
        team=team,
        teams=teams,
        night=day(of),
        before=of < tonight,
        other={
            "text": _("La hoja de la noche del %(day)s", day=day(tonight if of < tonight else of - ONE)),
            "href": url_for("shelter.paper", team=team.code, night=None if of < tonight else "before"),
        },
        rows=rows,
        marks=_marks(),
        wrong=errors_at,
    )


def _night_asked(site: Site) -> date:
    tonight = queries.tonight_at(site)
    return tonight - ONE if request.values.get("night") == "before" else tonight


def _marks() -> list[tuple[str, str]]:
    return [
        ("", _("Nada anotado")),
        ("HERE", _("Llegó o estuvo")),
        ("ABSENT", _("No estuvo")),
        ("OWN_WISH", _("Se fue por decisión propia")),
        ("HOSPITAL", _("Se fue al hospital")),
        ("NO_NOTICE", _("Se fue sin aviso")),
    ]


@blueprint.post("/shelter/tonight/paper")
@needs(CHECK_IN)
@commits
def save_paper() -> ResponseReturnValue:
    """All lines in one act; what is wrong is said beside its line, and nothing typed is lost."""
    team, teams = chosen_team()
    assert team.site is not None
    marked = {
        key.removeprefix("mark-"): value
        for key, value in request.form.items()
        if key.startswith("mark-") and value in rules.PAPER_MARKS
    }
    if not marked:
        return _paper_page(team, teams, {"": _("Anote al menos una línea.")}), 422
    stays = queries.managed_many(access.current(), ids_of(list(marked)))
    of = _night_asked(team.site)
    lines, wrong = _read(marked, {s.id for s in stays if s.state == "BOOKED"}, team.site, of)
    if wrong:
        return _paper_page(team, teams, wrong), 422
    try:
        with session.begin_nested():
            count = enter_paper(lines, stays, night=of)
    except Refused as error:
        return _paper_page(team, teams, {"": str(error)}), 422
    flash(
        _(
            "Anotado del papel: %(a)s ingresaron, %(b)s presentes, %(c)s ausentes, %(d)s salieron.",
            a=count["IN"], b=count["HERE"], c=count["ABSENT"], d=count["LEFT"],
        ),
        "good",
    )  # fmt: skip
    return redirect(url_for("shelter.tonight", team=team.code))


def _read(
    marked: dict[str, str], expected: set[UUID], site: Site, of: date
) -> tuple[dict[UUID, PaperLine], dict[str, str]]:
    lines, wrong = {}, {}
    over = of < queries.tonight_at(site)
    for one, stay_id in zip(marked, ids_of(list(marked)), strict=True):
        try:
            at = _moment(request.form.get(f"at-{one}", ""), site, of)
            if at is None and rules.must_say_hour(marked[one], stay_id in expected, over=over):
                wrong[one] = _("Escriba la hora: esa noche ya terminó.")
            lines[stay_id] = PaperLine(marked[one], at)
        except ValueError:
            wrong[one] = _("Escriba la hora con cuatro cifras, por ejemplo 02:10.")
        except errors.TimeInvalid:
            wrong[one] = _("Escriba una hora de esta noche que ya pasó.")
    return lines, wrong


def _moment(typed: str, site: Site, of: date) -> datetime | None:
    """The UTC moment of what was written; None for an empty field, which means now."""
    if not typed.strip():
        return None
    at = rules.hour_of_night(of, hour_written(typed), site.rollover_hour)
    now = clock.local(clock.now(), site.timezone).replace(tzinfo=None)
    if not rules.within_night(at, of, site.rollover_hour, now):
        raise errors.TimeInvalid
    return clock.at(at.date(), at.hour, at.minute, site.timezone)
