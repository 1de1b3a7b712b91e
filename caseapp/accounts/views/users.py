"""Administrators' pages of users, teams and sites. No word of any case stands here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from caseapp.accounts import queries
from caseapp.accounts.access import MANAGE_USERS
from caseapp.accounts.forms import RoleForm, SearchForm, UserForm
from caseapp.accounts.models import Role, Team, User
from caseapp.accounts.rules import RESET_LIVES
from caseapp.accounts.service import resets, users
from caseapp.accounts.views import blueprint
from caseapp.accounts.views.own import timezone
from caseapp.core import access, clock, pages
from caseapp.core.access import needs
from caseapp.core.commits import commits
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _, _l
from caseapp.core.reference import label

pages.nav(10, _l("Usuarios"), "account.users", MANAGE_USERS)
pages.nav(20, _l("Equipos"), "account.teams", MANAGE_USERS)
pages.nav(30, _l("Sedes"), "account.sites", MANAGE_USERS)


def _mine(user_id: UUID) -> User:
    """The user, if this administrator looks after them; otherwise not found."""
    found = session.scalars(queries.visible_to(access.current()).where(User.id == user_id)).one_or_none()
    if found is None:
        raise NotYours
    return found


def _teams() -> Sequence[Team]:
    return session.scalars(queries.teams_of(access.current()).where(Team.active)).all()


def _choose(form: RoleForm) -> dict[str, Team]:
    """Fill the form's choices: the administrator's own teams, the roles of the spine."""
    teams = {str(team.id): team for team in _teams()}
    form.team.choices = [
        SelectChoice("", _("Elija…")),
        *(SelectChoice(value, f"{team.code} · {team.name}") for value, team in teams.items()),
    ]
    form.role.choices = [
        SelectChoice("", _("Elija…")),
        *(SelectChoice(role.value, label("role", role.value)) for role in Role),
    ]
    return teams


def _state(user: User) -> tuple[str, str]:
    """The word and shape of an account's state."""
    if not user.active:
        return _("Desactivada"), "neutral"
    if user.locked_until is not None and user.locked_until > clock.real_now():
        return _("Cerrada por intentos"), "warning"
    if user.password_hash is None:
        return _("Sin contraseña"), "warning"
    return _("Activa"), "good"


@blueprint.get("/users", endpoint="users")
@needs(MANAGE_USERS)
def users_list() -> ResponseReturnValue:
    """Users of the administrator's teams, with their roles: four statements whatever the rows."""
    form = SearchForm(request.args)
    wanted = queries.visible_to(access.current())
    asked = (form.q.data or "").strip()
    if asked:
        pattern = "%" + asked.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        wanted = wanted.where(User.email.ilike(pattern) | User.name.ilike(pattern))
    page = pages.paged(wanted)
    roles = queries.roles_of(user.id for user in page.rows)
    rows = [
        {"user": user, "roles": [h for h in roles[user.id] if h.active], "state": _state(user)}
        for user in page.rows
    ]
    return render_template(
        "accounts/users.html", page_title=_("Usuarios"), page=page, rows=rows, form=form, asked=asked,
        timezone=timezone(),
    )  # fmt: skip


@blueprint.route("/users/new", methods=["GET", "POST"])
@needs(MANAGE_USERS)
@commits
def new_user() -> ResponseReturnValue:
    """A new account with its first role; answers with the one-time link, which is shown only here."""
    form = UserForm()
    teams = _choose(form)
    if form.is_submitted() and form.validate():
        try:
            with session.begin_nested():  # an account without its role would be nobody's
                return _add(form, teams[form.team.data])
        except Refused as error:
            form.refused(error)
    page = render_template("accounts/new_user.html", page_title=_("Agregar usuario"), form=form)
    return page, 422 if form.is_submitted() else 200


def _add(form: UserForm, team: Team) -> ResponseReturnValue:
    user = users.add_user(form.email.data, form.name.data, language=form.language.data)
    users.give_role(user, form.role.data, team)
    return _show_link(user, resets.make_reset(user))


def _show_link(user: User, token: str) -> ResponseReturnValue:
    return render_template(
        "accounts/link.html", page_title=_("Enlace de un solo uso"), user=user,
        link=url_for("account.reset", token=token, _external=True), minutes=int(RESET_LIVES.total_seconds() // 60),
    )  # fmt: skip


def _user_page(user: User, form: RoleForm, status: int = 200) -> ResponseReturnValue:
    held: list[dict[str, Any]] = [
        {"held": h, "role": label("role", h.membership.role)} for h in queries.roles_of([user.id])[user.id]
    ]
    page = render_template(
        "accounts/user.html", page_title=user.name, user=user, held=held, form=form, state=_state(user),
        oneself=user.id == access.current().user_id, timezone=timezone(),
        spoken="Español" if user.language == "es" else "English",
    )  # fmt: skip
    return page, status


@blueprint.get("/users/<uuid:user_id>")
@needs(MANAGE_USERS)
def user(user_id: UUID) -> ResponseReturnValue:
    """One account: state, roles, what may be done."""
    found, form = _mine(user_id), RoleForm(formdata=None)
    _choose(form)
    return _user_page(found, form)


@blueprint.post("/users/<uuid:user_id>/roles")
@needs(MANAGE_USERS)
@commits
def give_role(user_id: UUID) -> ResponseReturnValue:
    """Give a role in one of the administrator's teams, from today."""
    found, form = _mine(user_id), RoleForm()
    teams = _choose(form)
    if not form.validate():
        return _user_page(found, form, 422)
    try:
        users.give_role(found, form.role.data, teams[form.team.data])
    except Refused as error:
        form.refused(error)
        return _user_page(found, form, 422)
    flash(_("La función se dio desde hoy."), "good")
    return redirect(url_for("account.user", user_id=found.id))


@blueprint.route("/users/<uuid:user_id>/roles/<uuid:membership_id>/end", methods=["GET", "POST"])
@needs(MANAGE_USERS)
@commits
def end_role(user_id: UUID, membership_id: UUID) -> ResponseReturnValue:
    """Say what ending a role does, then end it."""
    found = _mine(user_id)
    held = queries.membership_of(access.current(), user_id, membership_id)
    if held is None:
        raise NotYours
    back = url_for("account.user", user_id=found.id)
    if request.method == "POST":
        users.end_role(held.membership)
        flash(_("La función terminó."), "good")
        return redirect(back)
    named = {"role": label("role", held.membership.role), "team": held.team.name, "name": found.name}
    return _confirm(
        _("Terminar función"),
        [
            _("%(name)s deja de tener la función «%(role)s» en %(team)s desde este momento.", **named),
            _("Lo que hizo con ella queda en el registro de auditoría."),
        ],
        back,
    )


def _confirm(title: str, happens: list[str], back: str) -> ResponseReturnValue:
    return render_template(
        "layout/confirm.html",
        page_title=title,
        happens=happens,
        confirm_label=title,
        back_url=back,
        form=None,
    )


@blueprint.route("/users/<uuid:user_id>/disable", methods=["GET", "POST"])
@needs(MANAGE_USERS)
@commits
def disable(user_id: UUID) -> ResponseReturnValue:
    """Say what disabling an account does, then do it."""
    found = _mine(user_id)
    back = url_for("account.user", user_id=found.id)
    if request.method == "POST":
        users.disable(found)
        flash(_("La cuenta se desactivó y sus sesiones se cerraron."), "good")
        return redirect(back)
    return _confirm(
        _("Desactivar cuenta"),
        [
            _("%(name)s no podrá entrar y sus sesiones abiertas se cierran ahora.", name=found.name),
            _("Sus funciones y lo que hizo quedan registrados. Puede activar la cuenta de nuevo."),
        ],
        back,
    )


@blueprint.post("/users/<uuid:user_id>/enable")
@needs(MANAGE_USERS)
@commits
def enable(user_id: UUID) -> ResponseReturnValue:
    """The account may sign in again."""
    found = _mine(user_id)
    users.enable(found)
    flash(_("La cuenta está activa de nuevo."), "good")
    return redirect(url_for("account.user", user_id=found.id))


@blueprint.post("/users/<uuid:user_id>/reset")
@needs(MANAGE_USERS)
@commits
def make_reset(user_id: UUID) -> ResponseReturnValue:
    """Make a one-time link and show it once; the administrator hands it over in person."""
    found = _mine(user_id)
    lost = request.form.get("second_factor") == "lost"
    return _show_link(found, resets.make_reset(found, clears_second_factor=lost))


# -- teams and sites ----------------------------------------------------------------------------------
@blueprint.get("/teams")
@needs(MANAGE_USERS)
def teams() -> ResponseReturnValue:
    """The teams that this administrator looks after, and how many hold a role in each."""
    page = pages.paged(queries.teams_of(access.current()))
    numbers = queries.members_in([team.id for team in page.rows])
    rows = [{"team": team, "members": numbers.get(team.id, 0)} for team in page.rows]
    return render_template("accounts/teams.html", page_title=_("Equipos"), page=page, rows=rows)


@blueprint.get("/sites")
@needs(MANAGE_USERS)
def sites() -> ResponseReturnValue:
    """The sites of this administrator's country."""
    found = [site for country in access.current().countries for site in queries.sites(country, closed=True)]
    return render_template("accounts/sites.html", page_title=_("Sedes"), sites=found)
