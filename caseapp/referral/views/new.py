"""A new referral from a case: service, people, receiver, priority, nights, what is shown. It becomes a draft,
and the next page shows exactly what the receiver will see."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import aliased
from werkzeug.utils import redirect

from caseapp.accounts.models import Team
from caseapp.accounts.queries import Offer, entries_offering, teams_offering, timezone_of
from caseapp.core import access, audit, clock, reference
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _, ngettext
from caseapp.people import present as people_present
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.models import Case, HouseholdMember
from caseapp.referral import errors, kinds, present, queries, rules, service
from caseapp.referral.access import SEND
from caseapp.referral.fitting import Fitted, fitted
from caseapp.referral.forms import NewForm
from caseapp.referral.kinds import GIVES_PLACES
from caseapp.referral.kinds.health import be_seen_by
from caseapp.referral.models import ITEMS, USUAL, Referral
from caseapp.referral.queries import related
from caseapp.referral.service.depending import ground
from caseapp.referral.service.receiving import receiver_of
from caseapp.referral.views import blueprint
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter.who.words import longest as longest_text

#: Entries of the directory that the page shows; others are found by name.
MOST_SHOWN = 12


@blueprint.route("/cases/<number>/refer", methods=["GET", "POST"])
@needs(SEND)
@commits
def new(number: str) -> ResponseReturnValue:
    """Choose the service, then everything else on one page."""
    case = people.owned_case(number, access.current(), SEND)
    audit.record("viewed", "case", case.id)
    kind = request.values.get("kind", "")
    if kind not in queries.kinds_to_refer():
        return render_template(
            "referral/kind.html",
            page_title=_("Referir a un servicio"),
            case_number=case.number,
            kinds=[(c, reference.label("service_kind", c)) for c in queries.kinds_to_refer()],
        )
    on = clock.today(timezone_of(case.team_id))
    household = _household(case)
    subjects = queries.subjects([c.id for c in household], rules.purpose_of(kind), on, access.current())
    words = request.values.get("q", "")[:100]
    fit = fitted(_may_be_asked(case, kind, subjects, words), subjects, on, case)
    offered, more = _shown(fit.offered)
    before = _before(request.values.get("again", ""), kind)
    grounds = _grounds(case)
    form = _form(case, kind, subjects, offered, before, grounds)
    form.to_team.choices = _with_words(form, fit)
    if request.method == "POST" and form.validate():
        try:
            with session.begin_nested():
                found = _draft(case, kind, form, subjects, offered)
            return redirect(url_for("referral.show", number=found.number))
        except Refused as error:
            form.refused(error)
    page = render_template(
        "referral/new.html",
        page_title=_("Referir: %(kind)s", kind=reference.label("service_kind", kind)),
        case_number=case.number,
        kind=kind,
        form=form,
        standing=_standing(subjects, rules.purpose_of(kind), form.to_team.data, on),
        gives_places=kind in GIVES_PLACES,
        timely=kinds.of(kind).timely,
        grounds=grounds,
        again=before.number if before else "",
        no_receivers=not offered and not words,
        not_offered=fit.refused,
        search=words,
        searches=more or bool(words),
        keeps={k: v for k in ("kind", "again", "because") if (v := request.values.get(k))},
    )
    return page, 422 if request.method == "POST" else 200


def _may_be_asked(case: Case, kind: str, subjects: list[queries.Subject], words: str) -> list[Offer]:
    """The teams that offer this, then the entries of the directory that none of ours offers (by words of a name; the one
    that was chosen is always among them): nobody to whom these people are never referred."""
    entries = entries_offering(
        access.current(), kind, case.country, words=words, near_team=case.team_id,
        first=_id(request.values.get("to_team") or request.values.get("to")),
    )  # fmt: skip
    teams = teams_offering(kind, case.country, also=related.somebody_answers(Team.id))
    return [o for o in (*teams, *entries) if o.team_id != case.team_id and not _never(o, subjects)]


def _shown(offered: list[Offer]) -> tuple[list[Offer], bool]:
    """The choices of the page, and whether the directory has more of them than it shows."""
    entries = [o for o in offered if o.service.team_id is None]
    kept = {o.service.id for o in entries[:MOST_SHOWN]}
    return [o for o in offered if o.service.team_id or o.service.id in kept], len(entries) > MOST_SHOWN


def _household(case: Case) -> list[Case]:
    """The case and the open cases of its household that the same team owns, the head first."""
    mine = aliased(HouseholdMember)
    rows = session.scalars(
        sa.select(Case)
        .join(HouseholdMember, HouseholdMember.case_id == Case.id)
        .join(mine, mine.household_id == HouseholdMember.household_id)
        .where(mine.case_id == case.id, mine.left_on.is_(None), HouseholdMember.left_on.is_(None))
        .where(Case.team_id == case.team_id, Case.status == "OPEN")
        .order_by(HouseholdMember.is_head.desc(), HouseholdMember.id)
    )
    return list(rows) or [case]


def _before(number: str, kind: str) -> Referral | None:
    """The referral that nobody took, whose people, nights and words this one begins with (`?again=`)."""
    if not number:
        return None
    try:
        found = queries.referral(access.current(), number)
    except NotYours:
        return None
    return found if rules.SENDER in queries.party_of(found, access.current()) and found.kind == kind else None


def _grounds(case: Case) -> list[Referral]:
    """Open referrals of the person that this one may depend on (withdrawn with it)."""
    return [
        r
        for r in queries.for_case(case, members=False)
        if r.state not in rules.ENDED and r.from_team_id == case.team_id
    ]  # fmt: skip


def _never(offer: Offer, subjects: list[queries.Subject]) -> bool:
    return any(rules.may_receive(*offer.type_and_country, s.case.country, s.nationalities) for s in subjects)


def _form(
    case: Case, kind: str, subjects: list[queries.Subject], offered: list[Offer], before: Referral | None,
    grounds: list[Referral],
) -> NewForm:  # fmt: skip
    tonight = clock.today(timezone_of(case.team_id))
    form = NewForm(**_begins_with(kind, subjects, tonight, before))
    form.members.choices = [
        (str(s.case.id), f"{people_present.name_of(s.person)} · {people_present.age_text(s.person, tonight)}")
        for s in subjects
    ]
    form.to_team.choices = _receivers(offered, form, kind, subjects, tonight)
    if len(offered) == 1 and not form.is_submitted():
        form.to_team.data = str(offered[0].key)
    form.priority.choices = [
        (
            c.code,
            _("%(priority)s: respuesta en %(time)s", priority=c.label(), time=present.answer_within(c.code)),
        )
        for c in reference.codes("referral_priority")
    ]
    names = present.item_texts()
    if kind not in GIVES_PLACES:
        names["REQUIREMENTS"] = _("De lo que necesita, solo: %(what)s", what=_carried(kind))
    form.items.choices = [(i, names[i]) for i in ITEMS]
    form.because_of.choices = [
        ("", _("De ninguna")),
        *((g.number, f"{present.kind_text(g)} · {g.to_team.name} ({g.number})") for g in grounds),
    ]
    return form


def _carried(kind: str) -> str:
    """The requirements that the receiver of this kind reads: «intérprete, lengua de señas»."""
    listed = [c for c in reference.codes("placement_requirement") if c.code in kinds.of(kind).carries]
    return ", ".join(c.label().partition(" (")[0].lower() for c in listed)


def _begins_with(
    kind: str, subjects: list[queries.Subject], tonight: date, before: Referral | None
) -> dict[str, Any]:
    given = {
        "members": [str(s.case.id) for s in subjects], "items": list(USUAL), "priority": _proposed_priority(kind),
        "first_night": tonight, "last_night": tonight + timedelta(days=2), "to_team": request.args.get("to", ""),
        "because_of": request.args.get("because", ""),
    }  # fmt: skip
    if before is None:
        return given
    first = max(before.first_night, tonight) if before.first_night else None
    last = max(before.last_night, first) if before.last_night and first else None
    return given | {
        "members": [str(m.case_id) for m in before.members], "items": list(before.items), "priority": before.priority,
        "first_night": first, "last_night": last, "message": before.message,
    }  # fmt: skip


def _proposed_priority(kind: str) -> str:
    """What a page that leads here proposes (`?priority=`), else what the kind of service suggests."""
    asked = request.args.get("priority", "")
    if asked in {c.code for c in reference.codes("referral_priority")}:
        return asked
    return "IMMEDIATE" if kind in GIVES_PLACES else "URGENT"


def _receivers(
    offered: list[Offer], form: NewForm, kind: str, subjects: list[queries.Subject], on: date
) -> list[tuple[str, str]]:
    """Each team with its site, for shelters how many places are free on those nights and how many nights they give at most
    (two statements), and whether one
    of the people lacks the authority's leave to go there (one statement)."""
    movements = people.movements_of([s.case.id for s in subjects], on).values()
    first, last = form.first_night.data, form.last_night.data
    free: Counter[UUID] = Counter()
    nights = kind in GIVES_PLACES and first is not None and last is not None and first <= last
    teams = [o.team_id for o in offered if o.team_id]
    if nights and teams:
        tonight = max(shelter_queries.tonight_at(o.site) for o in offered)
        found = shelter_queries.free_places(teams, first, last, tonight=tonight)
        free = Counter(f.team_id for f in found)
    longest = shelter_queries.longest_of(teams) if nights else {}
    lines = []
    for offer in offered:
        words = f"{offer.service.name} · {offer.site.name}"
        if not offer.also:
            words += " · " + _without_account(offer)
        elif nights:
            count = free[offer.key]
            words += " · " + ngettext("%(num)s lugar libre", "%(num)s lugares libres", count)
        if offer.team_id in longest:
            words += " · " + longest_text(longest[offer.team_id])
        if kind in GIVES_PLACES and people_rules.lacking(movements, offer.site.admin1):
            words += " · " + _("otro estado: falta el permiso de la autoridad")
        lines.append((str(offer.key), words))
    return lines


def _without_account(offer: Offer) -> str:
    """That nobody answers here, and how an entry of the directory says that it is asked."""
    words = _("sin cuenta: por teléfono o con página de un solo uso")
    if offer.service.team_id is not None or offer.service.referral_method in ("ONE_TIME_PAGE", "PHONE"):
        return words
    method = reference.label("referral_method", offer.service.referral_method)
    return words + " · " + _("así pide que se le refiera: %(how)s", how=method.lower())


def _with_words(form: NewForm, fit: Fitted) -> list[tuple[str, str]]:
    """What the directory says of each receiver, after what is said of it already."""
    words = {str(key): said for key, said in fit.words.items() if said}
    return [(i, f"{label} · {words[i]}" if i in words else label) for i, label in form.to_team.choices]


def _standing(
    subjects: list[queries.Subject], purpose: str, to_team: str | None, on: Any
) -> list[dict[str, Any]]:
    """For each person whether their consent to this is there, in words."""
    found = queries.standings(subjects, {}, purpose, _id(to_team) or UUID(int=0), on)
    ask = "people.ask_apart" if people_rules.asked_apart(purpose) else "people.consents"
    return [
        {
            "name": people_present.name_of(s.person),
            "missing": rules.may_share(purpose, found[s.case.id]) is not None,
            "href": url_for(ask, number=s.case.number, purpose=purpose),
        }
        for s in subjects
    ]


def _id(typed: str | None) -> UUID | None:
    try:
        return UUID(typed or "")
    except ValueError:
        return None


def _draft(
    case: Case, kind: str, form: NewForm, subjects: list[queries.Subject], offered: list[Offer]
) -> Any:
    chosen = next((o for o in offered if str(o.key) == form.to_team.data), None)
    if chosen is None:
        raise errors.ReceiverDoesNotOffer
    to_team = receiver_of(chosen.service.id)
    own_team = session.get_one(Team, case.team_id)
    wanted = [s for s in subjects if str(s.case.id) in form.members.data]
    on = clock.today(timezone_of(case.team_id))
    bases = {}
    if form.basis.data:
        purpose = rules.purpose_of(kind)
        standing = queries.standings(wanted, {}, purpose, to_team.id, on)
        missing = [s for s in wanted if rules.may_share(purpose, standing[s.case.id])]
        if not (form.basis_reason.data or "").strip():
            raise people_rules.BasisReasonMissing
        bases = {s.case.id: (form.basis.data, form.basis_reason.data) for s in missing}
    because_of = None
    if form.because_of.data:
        because_of = ground(form.because_of.data, case.team_id, [s.case.id for s in wanted], access.current())
    return service.draft(
        [s.case.id for s in wanted], because_of=because_of, from_team=own_team, to_team=to_team, kind=kind, priority=form.priority.data,
        items=form.items.data or [], first_night=form.first_night.data if kind in GIVES_PLACES else None,
        last_night=form.last_night.data if kind in GIVES_PLACES else None, message=form.message.data or "", bases=bases,
        be_seen_by=be_seen_by(form.seen_within.data or "", form.hours_gone.data, clock.now()) if kinds.of(kind).timely else None,
    )  # fmt: skip
