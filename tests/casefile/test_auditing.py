"""The auditor: by user, by kind of act, by a file's number with a ground; never a name of whom a file is about."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from caseapp.accounts.forms import ACT_WORDS
from caseapp.accounts.rules import ACT_KINDS, act_kind
from caseapp.casefile.auditing import queries
from caseapp.core import access, reference
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from tests.casefile.conftest import restart
from tests.factories import make_team, make_user, principal_of

CASEAPP = Path(__file__).resolve().parents[2] / "caseapp"


@pytest.fixture
def auditor(desk: Any) -> access.Principal:
    with desk.db.as_owner():
        national = make_team(country="MEX", type="OVERSIGHT")
        return principal_of(make_user("AUDITOR", national), ("AUDITOR", national))


def test_every_group_of_acts_has_words_and_no_act_is_in_two():
    assert set(ACT_WORDS) == set(ACT_KINDS)
    acts = [act for group in ACT_KINDS.values() for act in group]
    assert len(acts) == len(set(acts))
    assert act_kind("viewed") == "LOOKS" and act_kind("something_new") == "OTHER"


def test_what_this_part_writes_into_the_audit_is_in_a_group():
    written = {
        act
        for file in (CASEAPP / "casefile" / "glass").glob("*.py")
        for act in re.findall(r'audit\.record\(\s*"(\w+)"', file.read_text())
    }
    assert written and all(act_kind(act) != "OTHER" for act in written)


def test_the_list_of_grounds_is_that_of_the_page():
    assert tuple(c.code for c in reference.codes("audit_ground")) == queries.GROUNDS


def ask(client: Any, number: str, ground: str = "COMPLAINT") -> Any:
    return client.post("/audit/file", data={"number": number, "ground": ground})


def test_who_looked_at_a_file_is_told_by_number_and_ground(desk, auditor, client):
    number = desk.numbers[desk.woman.case_id]
    client.sign_in(desk.caseworker)
    client.get(f"/cases/{number}")
    client.sign_in(auditor)
    assert ask(client, number, "").status_code == 422
    page = ask(client, number).get_data(as_text=True)
    with desk.db.as_owner():
        assert desk.woman.given_names not in page and desk.woman.surname_1 not in page
    assert "Miró" in page and "viewed" in page
    with desk.db.as_owner():
        row = session.scalars(sa.select(AuditRow).where(AuditRow.act == "audited")).one()
        assert (row.subject_id, row.detail, row.user_id) == (desk.woman.case_id, "COMPLAINT", auditor.user_id)


def test_a_number_of_another_country_and_none_answer_alike(desk, client):
    with desk.db.as_owner():
        abroad = make_team(country="HND", type="OVERSIGHT")
        other = principal_of(make_user("AUDITOR", abroad), ("AUDITOR", abroad))
    client.sign_in(other)
    for number in (desk.numbers[desk.woman.case_id], "T99999999"):
        answer = ask(client, number)
        assert answer.status_code == 422 and "No hay un expediente con ese número" in answer.get_data(
            as_text=True
        )
    with access.acting_as(desk.caseworker):
        restart()
        assert queries.file_called(desk.numbers[desk.woman.case_id]) is None


def test_the_audit_is_narrowed_to_a_kind_of_act_and_says_so(desk, auditor, client):
    number = desk.numbers[desk.woman.case_id]
    client.sign_in(desk.caseworker)
    client.get(f"/cases/{number}")
    client.sign_in(auditor)
    looks = client.get("/audit?kind=LOOKS").get_data(as_text=True)
    assert str(desk.woman.case_id) in looks and ">Miró <" in looks
    assert str(desk.woman.case_id) not in client.get("/audit?kind=EXPORTS").get_data(as_text=True)
    assert client.get("/audit?kind=NONSENSE").status_code == 200
