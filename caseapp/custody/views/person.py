"""`/cases/<number>/custody`: the custody of a person, what was asked on the first day, how it ended and what was
found afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.models import Team
from caseapp.core import access, audit, clock, reference, trying
from caseapp.core.access import needs
from caseapp.core.commits import commits, records_view
from caseapp.core.errors import NotYours
from caseapp.core.i18n import _
from caseapp.core.locking import locked
from caseapp.custody import present, queries, rules, service
from caseapp.custody.access import READ, WRITE
from caseapp.custody.forms import AgreeForm, FollowUpForm, OpenForm, SafeguardForm
from caseapp.custody.models import Custody
from caseapp.custody.views import blueprint
from caseapp.people import present as people_present
from caseapp.people import queries as people
from caseapp.people.models import Case

OPEN, ASK, AGREE, FOLLOW = "open-", "ask-", "agree-", "follow-"


@blueprint.get("/cases/<number>/custody")
@needs(READ)
@records_view
def show(number: str) -> ResponseReturnValue:
    """All of a person's custody, and what may be recorded now."""
    case = people.owned_case(number, access.current(), READ)
    audit.record("viewed", "case", case.id)
    return page(case)


@blueprint.post("/cases/<number>/custody")
@needs(WRITE)
@commits
def begin(number: str) -> ResponseReturnValue:
    """A person is in custody."""
    case = people.owned_case(number, access.current(), WRITE)
    form = _open_form(case, None)

    def verb() -> None:
        station = form.station.data
        new = service.NewCustody(
            form.authority.data, form.basis.data, utc(form.since.data, queries.timezone_of(case)),
            UUID(station) if station else None, form.place.data or None,
        )  # fmt: skip
        service.open_custody(case, new)

    return tried(case, form, verb, _("Custodia anotada. Pregunte ahora por las garantías."), opening=form)


@blueprint.post("/cases/<number>/custody/<uuid:custody_id>/safeguards")
@needs(WRITE)
@commits
def safeguards(number: str, custody_id: UUID) -> ResponseReturnValue:
    """What was asked on the first day."""
    case = people.owned_case(number, access.current(), WRITE)
    row = custody_of(case, custody_id)
    form = _ask_form(case, None, {})

    def verb() -> None:
        timezone = queries.timezone_of(case)
        called = form.called_team.data
        service.record_safeguards(
            case, row, {code: form[code.lower()].data for code in rules.asked_of(row.child)},
            at=utc(form.at.data, timezone) if form.at.data else None, called_team_id=UUID(called) if called else None,
            version=form.read_version(),
        )  # fmt: skip

    return tried(case, form, verb, _("Garantías anotadas."), asking=form)


@blueprint.post("/cases/<number>/custody/<uuid:custody_id>/exit-date")
@needs(WRITE)
@commits
def agree(number: str, custody_id: UUID) -> ResponseReturnValue:
    """The day of exit that the station is told; empty takes it back."""
    case = people.owned_case(number, access.current(), WRITE)
    row, form = custody_of(case, custody_id), AgreeForm(prefix=AGREE)
    done = _("Fecha acordada. La estación verá solo el nombre y esta fecha.")
    if form.agreed_on.data is None:
        done = _("Ya no hay una fecha acordada.")
    return tried(
        case, form, lambda: service.agree_exit(case, row, form.agreed_on.data, version=form.read_version()), done,
        agreeing=form,
    )  # fmt: skip


@blueprint.post("/cases/<number>/custody/<uuid:custody_id>/follow-up/<step>")
@needs(WRITE)
@commits
def follow_up(number: str, custody_id: UUID, step: str) -> ResponseReturnValue:
    """What was found 72 hours or 30 days after the exit."""
    case = people.owned_case(number, access.current(), WRITE)
    row, form = custody_of(case, custody_id), FollowUpForm(prefix=FOLLOW)
    if step not in ("first", "second"):
        raise NotYours

    def verb() -> None:
        service.follow_up(case, row, step=step.upper(), outcome=form.outcome.data, on=form.on.data)

    return tried(case, form, verb, _("Seguimiento anotado."), following=form)


def custody_of(case: Case, custody_id: UUID) -> Custody:
    """A custody of this case, locked and read afresh; NotYours if there is none."""
    return locked(Custody, Custody.id == custody_id, Custody.case_id == case.id)


def utc(wall: datetime, timezone: str) -> datetime:
    """What a clock on the site's wall showed, as UTC."""
    return wall.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def tried(case: Case, form: Any, verb: Callable[[], None], done: str, **forms: Any) -> ResponseReturnValue:
    """Run a verb; what is refused comes back beside what was typed."""
    to = url_for("custody.show", number=case.number)
    return trying.tried(form, verb, again=lambda: page(case, **forms), done=done, to=to)


# -- the page -----------------------------------------------------------------------------------------
def page(
    case: Case, *, opening: Any = None, asking: Any = None, agreeing: Any = None, following: Any = None
) -> str:
    """The whole page, with the forms that were sent back in place."""
    timezone = queries.timezone_of(case)
    rows = queries.for_case(case.id)
    current = next((r for r in rows if r.is_open), None)
    stations = queries.stations(case.country)
    authorities = queries.child_authorities(case.country)
    names = {t.id: t.name for t in (*stations, *authorities)}
    answers = queries.safeguards_of(r.id for r in rows)
    clocks = queries.clocks_of(r.id for r in rows)
    done = queries.follow_ups_of(r.id for r in rows)
    mine = _standing(current)
    ended = [r for r in rows if not r.is_open]
    codes = {code: found.answer for code, found in answers[current.id].items()} if current else {}
    return render_template(
        "custody/show.html",
        page_title=_("Custodia de %(name)s", name=people_present.name_of(people.person_of(case))),
        number=case.number,
        current=present.custody_row(current, names, timezone) if current else None,
        safeguards=present.safeguard_rows(current, answers[current.id], names, timezone) if current else [],
        standing=present.standing_words(mine) if mine else "",
        alarm=bool(current and current.child and current.state == "HELD"),
        called=_called(current, answers, names, timezone),
        is_called=bool(current and rules.CHILD_AUTHORITY_CALLED not in rules.missing(codes, current.child)),
        refer=present.refer_child(case.number) if current and current.child else None,
        clocks=[present.clock_row(c, timezone) for c in clocks],
        ended=[
            {**present.custody_row(r, names, timezone), "follow_ups": _follow_ups(r, done)} for r in ended
        ],
        opening=opening or _open_form(case, {"since": _wall(timezone)}, stations),
        asking=asking or (_ask_form(case, current, answers[current.id], authorities) if current else None),
        agreeing=agreeing or _agree_form(current),
        following=following or FollowUpForm(None, data={"on": clock.today(timezone)}, prefix=FOLLOW),
        asked=[code.lower() for code in rules.asked_of(current.child)] if current else [],
        may_begin=current is None and case.status == "OPEN",
    )


def _standing(current: Custody | None) -> queries.Held | None:
    if current is None or current.state != "HELD":
        return None
    return service.standing(current)[0]


def _called(current: Custody | None, answers: Any, names: dict[UUID, str], timezone: str) -> str:
    if current is None or not current.child:
        return ""
    found = answers[current.id].get(rules.CHILD_AUTHORITY_CALLED)
    found = found if found is not None and found.answer == "YES" else None
    return present.called_words(
        found, names.get(found.called_team_id, "") if found and found.called_team_id else "", timezone
    )


def _follow_ups(row: Custody, done: Sequence[Any]) -> dict[str, Any]:
    """What was found, and the step that may be recorded next."""
    mine = [f for f in done if f.custody_id == row.id]
    steps = {f.step for f in mine}
    over = row.exit_code in rules.NOT_FOLLOWED or any(f.outcome == "RE_DETAINED" for f in mine)
    following = next((s for s in rules.FOLLOW_UPS if s not in steps), None)
    return {
        "done": [present.follow_up_row(f) for f in mine],
        "next": None if over or following is None else following.lower(),
    }


def _wall(timezone: str) -> datetime:
    return clock.local(clock.now(), timezone).replace(tzinfo=None, second=0, microsecond=0)


def _open_form(case: Case, data: dict[str, Any] | None, stations: Sequence[Team] | None = None) -> OpenForm:
    form = OpenForm(None, data=data, prefix=OPEN) if data is not None else OpenForm(prefix=OPEN)
    form.station.choices = [
        ("", _("No está en una estación migratoria")),
        *((str(t.id), t.name) for t in stations or queries.stations(case.country)),
    ]
    form.place.choices = [
        ("", _("Elija…")),
        *((a.pcode, a.name) for a in reference.admin1(case.country)),
    ]
    return form


def _ask_form(
    case: Case, current: Custody | None, answers: Any, authorities: Sequence[Team] | None = None
) -> SafeguardForm:
    form = SafeguardForm(prefix=ASK)
    if current is not None:
        called = answers.get(rules.CHILD_AUTHORITY_CALLED)
        data = {code.lower(): found.answer for code, found in answers.items()}
        team = str(called.called_team_id or "") if called else ""
        form = SafeguardForm(None, data={**data, "called_team": team, "version": current.version}, prefix=ASK)
    form.label_all()
    form.called_team.choices = [
        ("", _("Elija…")),
        *((str(t.id), t.name) for t in authorities or queries.child_authorities(case.country)),
    ]
    return form


def _agree_form(current: Custody | None) -> AgreeForm:
    data = {"agreed_on": current.exit_agreed_on, "version": current.version} if current else {}
    return AgreeForm(None, data=data, prefix=AGREE)
