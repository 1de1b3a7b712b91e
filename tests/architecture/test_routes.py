"""Every route, every method: who may, who may not, and what a stranger learns.

Each area's `tests/<area>/routes.py` holds `ROUTES = {(endpoint, method): build}`; `build(db, ns)` makes a
valid request aimed at a record of the team in `ns` and returns `url` or `(url, form data)`. A route
without an entry fails here.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caseapp import AREAS, create_app
from caseapp.accounts.models import Role, Team, User
from caseapp.core import access
from caseapp.people.models import Case, Person
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.statements import count_statements

TESTS = Path(__file__).resolve().parents[1]
MOST_STATEMENTS = 40  # a ceiling for any page; the constant ones have tests of their own


@dataclass
class Namespace:
    """A team with one person's case in it, and a user of the team with the role in question."""

    team: Team
    site: Any
    user: User
    person: Person
    case: Case
    principal: access.Principal
    role: str


def gather() -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for area in ("core", *AREAS):
        if (TESTS / area / "routes.py").exists():
            found.update(importlib.import_module(f"tests.{area}.routes").ROUTES)
    return found


APP = create_app({"TESTING": True, "KEEP_SESSION": True})
ENTRIES = gather()
OPEN = {
    (rule.endpoint, method)
    for rule in APP.url_map.iter_rules()
    for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    if getattr(APP.view_functions[rule.endpoint], "permission", "undeclared") is None
}
GUARDED = sorted(
    {
        (rule.endpoint, method)
        for rule in APP.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    - OPEN
)
#: Teams in which a role is held by its nature.
TEAM_TYPE = {
    "SHELTER_COORDINATOR": "SHELTER", "GATE_NIGHT": "SHELTER", "SERVICE_FOCAL_POINT": "HEALTH",
    "COMMISSION_ANALYST": "COMMISSION_STATISTICS", "DATA_STEWARD": "COMMISSION_STATISTICS",
    "RELEASE_APPROVER": "COMMISSION_STATISTICS", "REGIONAL_ANALYST": "REGIONAL_SECRETARIAT", "CUSTODY_LIAISON": "MIGRATION_CUSTODY",
    "CHILD_OFFICER": "CHILD_AUTHORITY", "ASSISTANCE_OFFICER": "CASH_PROVIDER", "PAYMENTS_APPROVER": "CASH_PROVIDER",
    "SHELTER_VOLUNTEER": "SHELTER",
}  # fmt: skip


def permission_of(endpoint: str) -> access.Permission:
    return APP.view_functions[endpoint].permission


def roles_of(endpoint: str) -> list[str]:
    return sorted(permission_of(endpoint).roles)


def namespace(db: Any, role: str) -> Namespace:
    with db.as_owner():
        site = make_site()
        team = make_team(site, TEAM_TYPE.get(role, "RECEPTION_DESK"))
        user = make_user(role, team)
        person = make_person(team)
        case = db.session.get_one(Case, person.case_id)
    return Namespace(team, site, user, person, case, principal_of(user, (role, team)), role)


def send(client: Any, method: str, request: Any) -> Any:
    url, data = request if isinstance(request, tuple) else (request, None)
    return client.open(url, method=method, data=data)


def test_every_route_declares_who_may():
    undeclared = [
        rule.endpoint
        for rule in APP.url_map.iter_rules()
        if not hasattr(APP.view_functions[rule.endpoint], "permission")
    ]
    assert undeclared == []


def test_every_route_and_method_has_an_entry():
    assert set(GUARDED) - set(ENTRIES) == set(), "routes without an entry in tests/<area>/routes.py"
    assert set(ENTRIES) - set(GUARDED) - OPEN == set(), "entries of routes that no longer exist"


def test_open_routes_are_these_and_no_others():
    assert {endpoint for endpoint, _ in OPEN} == {
        "healthz", "readyz", "metrics", "root", "account.sign_in", "account.second_factor", "account.enrol", "account.reset",
        "styleguide.show", "referral.guest", "referral.guest_answer",
        # The open interface asks for a key of its own (tests/publication/test_open_api.py); the last two hold no figure.
        "api.releases", "api.one_release", "api.one_file", "api.package", "api.coverage", "api.revisions", "api.hierarchy",
        "api.indicators", "api.one_indicator", "api.figures", "api.registers", "api.cubes", "api.cells", "api.openapi", "api.documentation",
    }  # fmt: skip


@pytest.mark.parametrize(("endpoint", "method"), GUARDED)
def test_the_anonymous_are_sent_to_sign_in(db, client, endpoint, method):
    request = ENTRIES[endpoint, method](db, namespace(db, roles_of(endpoint)[0]))
    answer = send(client, method, request)
    assert answer.status_code == 302 and "/sign-in" in answer.headers["Location"]


@pytest.mark.parametrize(("endpoint", "method"), GUARDED)
def test_a_role_without_the_permission_gets_403(db, client, endpoint, method):
    without = sorted({r.value for r in Role} - permission_of(endpoint).roles)
    if not without:
        pytest.skip("every role holds this permission")
    for role in without:
        ns = namespace(db, role)
        owner = namespace(db, roles_of(endpoint)[0])
        request = ENTRIES[endpoint, method](db, owner)
        client.sign_in(ns.principal)
        assert send(client, method, request).status_code == 403, role


@pytest.mark.parametrize(("endpoint", "method"), GUARDED)
def test_a_stranger_with_the_role_gets_404(db, client, endpoint, method):
    build = ENTRIES[endpoint, method]
    if "<" not in next(r.rule for r in APP.url_map.iter_rules() if r.endpoint == endpoint):
        pytest.skip("names no record")
    if getattr(build, "public", False):
        pytest.skip("the same for everybody with the role")
    for role in roles_of(endpoint):
        theirs = namespace(db, role)
        request = build(db, theirs)
        stranger = namespace(db, role)
        client.sign_in(stranger.principal)
        assert send(client, method, request).status_code == 404, role


@pytest.mark.parametrize(("endpoint", "method"), GUARDED)
def test_an_allowed_role_is_never_refused_its_own(db, client, endpoint, method):
    for role in roles_of(endpoint):
        ns = namespace(db, role)
        request = ENTRIES[endpoint, method](db, ns)
        client.sign_in(ns.principal)
        with count_statements(db.connection) as statements:
            answer = send(client, method, request)
        assert answer.status_code < 500 and answer.status_code not in (403, 404), (role, answer.status_code)
        assert len(statements) <= MOST_STATEMENTS, (role, len(statements))
