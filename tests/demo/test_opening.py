"""The demo's keys of the open interface, as role `app` and behind its policies."""

from __future__ import annotations

from caseapp.publication.api import keys
from caseapp.publication.api.rules import State
from tests.factories import make_site, make_team, make_user, principal_of
from tests.publication.routes import organisation
from workers.demo import opening, places


def test_a_steward_gives_a_key_and_took_one_back_once(db, monkeypatch):
    with db.as_owner():
        team = make_team(make_site(), "COMMISSION_STATISTICS")
        steward = principal_of(make_user("DATA_STEWARD", team), ("DATA_STEWARD", team))
    organisation(db, team.country)
    monkeypatch.setattr(places, "worker", lambda role, code: steward)
    assert opening.give_keys(team.country) == 2
    with opening.acting(steward):
        assert sorted(one.state for one in keys.listing(steward)) == [State.ACTIVE, State.REVOKED]
    assert opening.give_keys(team.country) == 0
