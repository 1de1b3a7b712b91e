"""A site's teams see what they recorded in a month, sign it, and sign again when something changed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from caseapp.casefile.month import queries, rules, service
from caseapp.casefile.month.models import SiteMonth
from caseapp.core import access, clock, journal
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotYours, refusal_of
from tests.casefile.conftest import restart
from tests.conftest import NOW
from tests.factories import make_team, make_user, principal_of

MONTH = "2025-10"
REGISTERED, SCREENED, INCIDENT = (
    journal.kind(name) for name in ("person.registered", "screening.completed", "incident.recorded")
)


def recorded(desk, kind=REGISTERED, on=date(2025, 10, 9), team=None, at=None):
    """One event of the team at its site, by the caseworker."""
    team = team or desk.team
    with access.acting_as(desk.supervisor), clock.held_at(at or NOW - timedelta(days=9)):
        restart()
        row = journal.append(
            kind, country="MEX", on=on, site_id=team.site_id, team_id=team.id, case_id=desk.woman.case_id
        )
        session.flush()
    return row.id


def withdrawn(desk, event_id):
    with access.acting_as(desk.supervisor):
        restart()
        journal.append(
            journal.kind("event.withdrawn"), country="MEX", on=date(2025, 11, 20), site_id=desk.team.site_id,
            team_id=desk.team.id, case_id=desk.woman.case_id, withdraws_id=event_id,
        )  # fmt: skip
        session.flush()


def signed(desk, note=None, after=0, at=None):
    with access.acting_as(desk.supervisor), clock.held_at(at or NOW - timedelta(days=5)):
        restart()
        return service.sign(desk.team, MONTH, note=note, after=after)


def counts(desk):
    with access.acting_as(desk.supervisor):
        restart()
        last = queries.signatures([desk.team.id], [MONTH]).get((desk.team.id, MONTH))
        found = queries.counted(desk.team, MONTH, last[0].signed_at if last else None)
    return {one.kind: (one.stand, one.entered, one.withdrawn) for one in found if one.stand or one.withdrawn}


def to_sign(desk, who=None):
    with access.acting_as(who or desk.supervisor):
        restart()
        return [
            (one.month, one.signed_at is not None)
            for one in queries.to_sign(who or desk.supervisor, date(2025, 11, 23), 9)
        ]


def confirmed(desk, until=None):
    """What the steward learns of the desk's site."""
    rows = desk.db.session.execute(
        sa.text("SELECT * FROM months_confirmed('MEX', :month, :until)"),
        {"month": MONTH, "until": until or NOW},
    )
    site = desk.team.code.rsplit("-RECEPTION", 1)[0]
    return next(row for row in rows if row.site == site)


def test_a_team_counts_its_own_month_and_nothing_sealed(desk):
    recorded(desk)
    recorded(desk, SCREENED)
    recorded(desk, on=date(2025, 9, 30))
    recorded(desk, on=date(2025, 11, 1))
    recorded(desk, INCIDENT)
    with desk.db.as_owner():
        other = make_team()
    # Of another team at another site: not this one's.
    with desk.db.as_owner():
        journal.append(
            REGISTERED, country="MEX", on=date(2025, 10, 9), site_id=other.site_id, team_id=other.id
        )
        session.flush()
    assert counts(desk) == {"person.registered": (1, 0, 0), "screening.completed": (1, 0, 0)}


def test_what_comes_late_and_what_is_taken_back_is_told_until_it_is_signed_again(desk):
    first = recorded(desk)
    assert to_sign(desk) == [(MONTH, False)] and confirmed(desk).signed == 0
    signed(desk, "STAFF_SHORT")
    assert to_sign(desk) == [] and counts(desk) == {"person.registered": (1, 0, 0)}
    row = confirmed(desk)
    assert (row.teams, row.signed, row.changed, row.notes) == (1, 1, False, ["STAFF_SHORT"])
    recorded(desk, at=NOW - timedelta(days=1))
    withdrawn(desk, first)
    assert counts(desk) == {"person.registered": (1, 1, 1)} and to_sign(desk) == [(MONTH, True)]
    assert confirmed(desk).changed
    # As it was known at an earlier cut-off, nothing had changed.
    assert not confirmed(desk, NOW - timedelta(days=3)).changed
    signed(desk, after=1, at=NOW + timedelta(hours=1))
    assert counts(desk) == {"person.registered": (1, 0, 0)} and to_sign(desk) == []
    again = confirmed(desk, NOW + timedelta(hours=2))
    assert (again.signed, again.changed, again.notes) == (1, False, [])


def test_two_signers_at_once_do_not_write_over_each_other(desk):
    signed(desk)
    with pytest.raises(ChangedMeanwhile):
        signed(desk)
    with access.acting_as(desk.supervisor), pytest.raises(IntegrityError) as error:
        session.execute(
            sa.insert(SiteMonth).values(
                site_id=desk.team.site_id, team_id=desk.team.id, month=MONTH, number=1,
                signed_by_id=desk.supervisor.user_id, signed_at=NOW,
            )
        )  # fmt: skip
    assert isinstance(refusal_of(error.value), ChangedMeanwhile)


def test_a_month_that_is_not_over_is_signed_neither_by_rule_nor_by_constraint(desk):
    with access.acting_as(desk.supervisor), pytest.raises(rules.MonthNotOver):
        restart()
        service.sign(desk.team, "2025-11")
    with access.acting_as(desk.supervisor), pytest.raises(IntegrityError) as error:
        session.execute(
            sa.insert(SiteMonth).values(
                site_id=desk.team.site_id, team_id=desk.team.id, month="2025-11", number=1,
                signed_by_id=desk.supervisor.user_id, signed_at=NOW,
            )
        )  # fmt: skip
    assert isinstance(refusal_of(error.value), rules.MonthNotOver)


def test_nobody_signs_for_another_team_nor_without_the_role_nor_takes_back(desk):
    for who in (desk.coordinator, desk.caseworker):
        with access.acting_as(who), pytest.raises(NotYours):
            restart()
            service.sign(desk.team, MONTH)
    signed(desk)
    for who, number in ((desk.coordinator, 2), (desk.caseworker, 3)):
        with access.acting_as(who):
            restart()
            with pytest.raises(DBAPIError, match="row-level security"), session.begin_nested():
                session.execute(
                    sa.insert(SiteMonth).values(
                        site_id=desk.team.site_id, team_id=desk.team.id, month=MONTH, number=number,
                        signed_by_id=who.user_id, signed_at=NOW,
                    )
                )  # fmt: skip
    with access.acting_as(desk.coordinator):
        restart()
        assert session.scalar(sa.select(sa.func.count()).select_from(SiteMonth)) == 0
    for statement in ("UPDATE site_month SET note = NULL", "DELETE FROM site_month"):
        with access.acting_as(desk.supervisor):
            restart()
            with pytest.raises(DBAPIError, match="permission denied"), session.begin_nested():
                session.execute(sa.text(statement))


def test_the_function_tells_of_the_kinds_that_the_pages_tell_of(desk):
    body = desk.db.session.scalar(sa.text("SELECT prosrc FROM pg_proc WHERE proname = 'months_confirmed'"))
    assert all(f"'{kind}'" in body for kind in rules.TOLD)
    assert not any(f"'{kind}'" in body for kind in journal.kinds() if kind not in rules.TOLD)


def test_the_pages_from_today_to_the_signature(desk, client):
    recorded(desk)
    client.sign_in(desk.supervisor)
    today = client.get("/today").get_data(as_text=True)
    assert "Meses por firmar" in today and "octubre de 2025" in today and "atrasado" in today
    listed = client.get("/months").get_data(as_text=True)
    assert "Atrasado" in listed and "septiembre de 2025" in listed
    url = f"/months/{desk.team.code}/{MONTH}"
    page = client.get(url).get_data(as_text=True)
    assert "Se registró a la persona" in page and "Anotados después" not in page
    assert client.post(url, data={"note": "Ana", "after": "0"}).status_code == 422
    assert client.post(url, data={"note": "PAPER_PENDING", "after": "x"}).status_code == 409
    assert client.post(url, data={"note": "PAPER_PENDING", "after": "0"}).status_code == 302
    page = client.get(url).get_data(as_text=True)
    assert "Nada ha cambiado" in page and "Parte está en papel" in page and "Firmar otra vez" in page
    assert "Meses por firmar" not in client.get("/today").get_data(as_text=True)
    assert client.get(f"/months/{desk.team.code}/2025-Q3").status_code == 404
    assert client.get(f"/months/{desk.shelter.code}/{MONTH}").status_code == 404
    assert "aún no termina" in client.get(f"/months/{desk.team.code}/2025-11").get_data(as_text=True)


def test_a_team_of_no_site_signs_nothing(desk, client):
    with desk.db.as_owner():
        team = make_team(None, country="MEX")
        who = principal_of(make_user("SUPERVISOR", team), ("SUPERVISOR", team))
    assert to_sign(desk, who) == []
    client.sign_in(who)
    assert "Su equipo no firma meses" in client.get("/months").get_data(as_text=True)
