"""The decisions, value by value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from caseapp.accounts.models import Role
from caseapp.accounts.rules import (
    AdministratorAlone,
    Held,
    LiaisonAlone,
    PasswordWeak,
    StewardAndApprover,
    local_path,
    locked_until,
    may_hold,
    must_be_good,
)

DAY = date(2025, 11, 23)
BEFORE = date(2025, 1, 1)


@pytest.mark.parametrize("wanted", list(Role))
@pytest.mark.parametrize("held", list(Role))
def test_who_may_hold_what_beside_what(wanted, held):
    """Every pair: an administrator and a liaison in custody hold nothing else, a steward approves nothing; the rest is free."""
    pair = {wanted.value, held.value}
    if wanted is not held and "ADMINISTRATOR" in pair:
        refusal = AdministratorAlone
    elif wanted is not held and "CUSTODY_LIAISON" in pair:
        refusal = LiaisonAlone
    elif pair == {"DATA_STEWARD", "RELEASE_APPROVER"}:
        refusal = StewardAndApprover
    else:
        may_hold(Held(wanted.value, DAY), [Held(held.value, BEFORE)])
        return
    with pytest.raises(refusal):
        may_hold(Held(wanted.value, DAY), [Held(held.value, BEFORE)])


@pytest.mark.parametrize(
    ("since", "until", "wanted_until", "free"),
    [
        (BEFORE, DAY, None, True),  # ended the day the other begins
        (BEFORE, DAY + timedelta(1), None, False),
        (DAY + timedelta(9), None, DAY + timedelta(9), True),  # begins when the wanted one ends
        (DAY + timedelta(9), None, DAY + timedelta(10), False),
        (DAY, DAY, None, True),  # never held
        (BEFORE, None, None, False),
    ],
)
def test_only_days_in_common_matter(since, until, wanted_until, free):
    wanted, held = Held("DATA_STEWARD", DAY, wanted_until), Held("RELEASE_APPROVER", since, until)
    if free:
        may_hold(wanted, [held])
    else:
        with pytest.raises(StewardAndApprover):
            may_hold(wanted, [held])


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, None), (4, None), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (5000, 60)]
)
def test_how_long_an_account_stays_closed(failures, minutes):
    now = datetime(2025, 11, 23, tzinfo=UTC)
    assert locked_until(failures, now) == (None if minutes is None else now + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("cuatro palabras muy tranquilas", True),
        ("corta", False),
        ("aaaaaaaaaaaaaaaa", False),
        ("soy ana.robles siempre", False),
        ("x" * 100 + "abcdefghijklmnopqrstuvwxyz123", False),
    ],
)
def test_which_password_is_good_enough(password, good):
    if good:
        must_be_good(password, "ana.robles@prueba.example")
    else:
        with pytest.raises(PasswordWeak):
            must_be_good(password, "ana.robles@prueba.example")


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/cases/1?x=2#y", "/cases/1?x=2#y"), ("/", "/"), (None, "/today"), ("", "/today"), ("cases", "/today"),
        ("//otro.example", "/today"), ("/\\otro.example", "/today"), ("https://otro.example/x", "/today"),
        ("/\t/otro.example", "/today"), ("/x\r\ny", "/today"), ("javascript:alert(1)", "/today"),
        ("///otro.example", "/today"),
    ],
)  # fmt: skip
def test_where_a_sign_in_may_lead(wanted, path):
    assert local_path(wanted) == path
