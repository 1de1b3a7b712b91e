"""Accept (with a place for each person) and decline (in two taps)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from caseapp.accounts.queries import site_of, timezone_of
from caseapp.core import clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.i18n import _, ngettext
from caseapp.people import queries as people_queries
from caseapp.people import rules as people_rules
from caseapp.places.models import Site
from caseapp.referral import present, queries, service
from caseapp.referral.access import ANSWER
from caseapp.referral.fitting import rule_choices
from caseapp.referral.forms import AcceptForm, DeclineForm
from caseapp.referral.kinds import GIVES_PLACES
from caseapp.referral.models import Referral, ReferralMember
from caseapp.referral.rules import unlocking
from caseapp.referral.views import blueprint
from caseapp.referral.views.verbs import attempt, opened
from caseapp.shelter import offers
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import rules as shelter_rules
from caseapp.shelter.who.words import longest


def _ids(texts: list[str]) -> set[UUID]:
    found = set()
    for text in texts:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found


def _night(name: str, otherwise: date | None) -> date | None:
    try:
        return date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return otherwise


@blueprint.route("/referrals/<number>/accept", methods=["GET", "POST"])
@needs(ANSWER)
@commits
def accept(number: str) -> ResponseReturnValue:
    """Accept all or some; a shelter chooses places, which are booked in the same act."""
    found, form = opened(number), AcceptForm()
    chosen = _ids(request.values.getlist("member")) & {m.case_id for m in found.members} or {
        m.case_id for m in found.members
    }
    members = [m for m in found.members if m.case_id in chosen]
    first, last = _night("first_night", found.first_night), _night("last_night", found.last_night)
    gives_places = found.kind in GIVES_PLACES
    if request.method == "POST" and form.validate():

        def act() -> None:
            places = offers.read_arrangement(request.form.get("place", "")) if gives_places else None
            service.accept(
                found,
                places,
                members=chosen,
                reason=form.reason.data or None,
                first_night=first,
                last_night=last,
            )

        done = ngettext("Aceptó a %(num)s persona.", "Aceptó a %(num)s personas.", len(members))
        answer = attempt(found, form, act, label=_("Aceptar"), words=done)
        if answer is not None:
            return answer
    form.version.data = found.version
    site = site_of(found.to_team_id) if gives_places else None
    needs_leave = _needs_leave(site, members, first)
    offered = [] if needs_leave else _offers(found, site, [m.case_id for m in members], first, last)
    people = present.seen_by_receiver(
        found.kind, found.items, found.members, clock.today(timezone_of(found.to_team_id))
    )
    page = render_template(
        "referral/accept.html",
        page_title=_("Aceptar referencia %(number)s", number=found.number),
        found=found,
        form=form,
        people=people,
        chosen=chosen,
        part=len(members) < len(found.members),
        gives_places=gives_places,
        needs_leave=needs_leave,
        options=offers.as_options(offered, request.form.get("place", "")),
        first=first,
        last=last,
        limit=_limit(found, first, last) if not offered else "",
        decline_url=url_for("referral.decline", number=found.number),
        emergency_url=_emergency_url(found, members)
        if gives_places and not offered and not needs_leave
        else None,
    )
    return page, 422 if request.method == "POST" else 200


def _emergency_url(found: Referral, members: list[ReferralMember]) -> str | None:
    """The way of last resort, for children without family."""
    whole = len(members) == len(found.members)
    return (
        url_for("referral.in_emergency", number=found.number)
        if whole and queries.only_children(found)
        else None
    )


def _needs_leave(site: Site | None, members: list[ReferralMember], first: date | None) -> bool:
    """Whether one of these people lacks the authority's leave to come to the receiver's state."""
    if site is None or first is None:
        return False
    movements = people_queries.movements_of([m.case_id for m in members], first)
    return people_rules.lacking(movements.values(), site.admin1)


def _limit(found: Referral, first: date | None, last: date | None) -> str:
    """What the shelter gives at most, where more is asked: why none of its places is offered."""
    if found.kind not in GIVES_PLACES or first is None or last is None:
        return ""
    nights = shelter_queries.max_nights(found.to_team_id)
    return longest(nights) if nights and shelter_rules.too_long(first, last, nights) else ""


def _offers(
    found: Referral, site: Site | None, case_ids: list[UUID], first: date | None, last: date | None
) -> list[offers.Offer]:
    if site is None or first is None or last is None or last < first:
        return []
    return offers.for_people(found.to_team_id, case_ids, first, last, site, referral_id=found.id)


@blueprint.route("/referrals/<number>/decline", methods=["GET", "POST"])
@needs(ANSWER)
@commits
def decline(number: str) -> ResponseReturnValue:
    """Say no in two taps: the reason, then what would make it possible, as that reason asks."""
    found, label = opened(number), _("No aceptar")
    form = DeclineForm(reason=request.args.get("reason", "")).ask(
        reasons_of(found), lambda: rule_choices(found)
    )
    if request.method == "POST" and form.validate():
        answer = attempt(
            found, form, lambda: service.decline(found, form.reason.data, **form.said()), label=label,
            words=_("Respuesta enviada: no se acepta."),
        )  # fmt: skip
        if answer is not None:
            return answer
    return decline_page(found, form, label, url_for("referral.decline", number=found.number))


def reasons_of(found: Referral, *, outside: bool = False) -> tuple[str, ...]:
    """The decline reasons that make sense for a referral."""
    return unlocking.reasons(
        gives_places=found.kind in GIVES_PLACES, with_child=queries.has_child(found), outside=outside
    )


def decline_page(
    found: Referral, form: DeclineForm, label: str, url: str, *, first: tuple[str, ...] = ()
) -> ResponseReturnValue:
    """The reasons, or after one was chosen what it asks; `first` are fields that come before."""
    form.version.data = found.version
    chosen = form.reason.data if form.reason.data in dict(form.reason.choices) else None
    today = clock.today(timezone_of(found.to_team_id))
    page = render_template(
        "referral/decline.html",
        page_title=_("No aceptar referencia %(number)s", number=found.number),
        found=found,
        form=form,
        url=url,
        chosen=chosen,
        first=first,
        reason=dict(form.reason.choices).get(chosen, ""),
        groups=grouped(form.reason.choices),
        quick=quick_days(form, today),
        label=label,
        happens=[
            _("Su equipo deja de ver a estas personas."), _("Quien envía recibe el motivo y ve otras opciones.")
        ],
    )  # fmt: skip
    return page, 422 if request.method == "POST" else 200


def grouped(choices: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """Reasons under the words of their groups, as the list orders them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for code, words in choices:
        found.setdefault(str(reference.group_of("decline_reason", code)), []).append((code, words))
    return [(reference.label("reason_group", group), rows) for group, rows in found.items()]


def quick_days(form: DeclineForm, today: date) -> list[tuple[str, str]]:
    """One tap for the usual days, where a day alone is asked."""
    if "unlocks_on" not in form or "unlocks_code" in form or "unlocks_hour" in form:
        return []
    words = (_("Mañana"), _("En 3 días"), _("En una semana"))
    return [((today + timedelta(days=n)).isoformat(), w) for n, w in zip((1, 3, 7), words, strict=True)]
