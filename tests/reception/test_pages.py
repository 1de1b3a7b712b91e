"""Registering at the desk, as a browser without JavaScript does it."""

from __future__ import annotations

import gzip
import re

import pytest
import sqlalchemy as sa

from caseapp.core.db import session
from caseapp.people import queries
from caseapp.people.models import Case, DuplicateCandidate, Person
from tests.people.conftest import restart
from tests.people.statements import counted
from tests.reception.families import adult
from tests.reception.routes import ONE

NAMES = [
    ("Zulma", "Bracamonteverde"),
    ("Rigoberto", "Yanes"),
    ("Ixchel", "Yanes"),
    ("Tlaloc", "Yanes"),
    ("Abril", "Yanes"),
]


def of_five(**changes: str) -> dict[str, str]:
    """What a browser sends for a family of five."""
    data = {k: v for k, v in ONE.items() if not k.startswith("members-")}
    for i, (given, surname) in enumerate(NAMES):
        for key, value in ONE.items():
            if key.startswith("members-0-"):
                data[key.replace("members-0-", f"members-{i}-")] = value
        data |= {
            f"members-{i}-names-given_names": given, f"members-{i}-names-surname_1": surname,
            f"members-{i}-birth-year": str(1990 + (0, 1, 22, 24, 30)[i]), f"members-{i}-sex_in_document": "FMFMF"[i],
            f"members-{i}-relation_to_head": ["", "SPOUSE", "CHILD", "CHILD", "CHILD"][i],
            f"members-{i}-language_1": "spa",
        }  # fmt: skip
    return {**data, **changes}


@pytest.fixture
def at_desk(desk, client):
    client.sign_in(desk.principal)
    return client


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def count(table) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table))


def test_a_family_of_five_in_one_pass(at_desk, desk):
    answer = at_desk.post("/families/new", data=of_five())
    assert answer.status_code == 302, re.findall(r"<a href=.#[^<]*", text_of(answer))
    page = text_of(at_desk.get(answer.headers["Location"]))
    for given, surname in NAMES:
        assert f"{given} {surname}" in page
    assert page.count("Preguntar a") == 2 and "Cabeza de familia" in page
    restart()
    cases = session.scalars(queries.visible_to(desk.principal)).all()
    assert len(cases) == 5 and all(c.number in page for c in cases)


def test_adding_and_removing_keeps_everything_typed(at_desk):
    typed = {**of_five(), "members-2-also_known_as": "La Nena", "verb": "add"}
    page = text_of(at_desk.post("/families/new", data=typed))
    for given, _surname in NAMES:
        assert f'value="{given}"' in page
    assert 'name="members-5-names-given_names"' in page and 'value="La Nena"' in page
    page = text_of(at_desk.post("/families/new", data={**typed, "verb": "remove-1"}))
    assert "Rigoberto" not in page and 'value="Zulma"' in page and 'value="La Nena"' in page
    assert 'name="members-2-names-given_names"' in page and count(Case) == 0


def test_the_last_person_cannot_be_removed(at_desk):
    assert 'value="Zulma"' in text_of(at_desk.post("/families/new", data={**ONE, "verb": "remove-0"}))


def test_errors_say_what_to_do_and_lose_nothing(at_desk):
    wrong = of_five(**{
        "members-1-birth-precision": "DAY", "members-1-birth-day": "31", "members-1-birth-month": "2",
        "members-2-nationality_1": "", "members-3-relation_to_head": "", "members-4-population": "",
        "members-4-birth-year": "2030", "arrived_on-day": "", "members-0-birth-year": "abcd",
    })  # fmt: skip
    answer = at_desk.post("/families/new", data=wrong)
    page = text_of(answer)
    assert answer.status_code == 422 and count(Case) == 0
    links = re.findall(r'<li><a href="#([^"]+)">([^<]+)</a>', page)
    assert {l for l, _ in links} >= {  # noqa: E741
        "members-0-birth-year", "members-1-birth-year", "members-2-nationality_1", "members-3-relation_to_head",
        "members-4-population", "members-4-birth-year", "arrived_on-day",
    }  # fmt: skip
    for target, _words in links:
        assert f'id="{target}"' in page
    assert any("Persona 3, Ixchel" in words for _, words in links)
    for given, _surname in NAMES:
        assert f'value="{given}"' in page
    assert 'value="31"' in page and 'value="abcd"' in page and 'value="2030"' in page


def test_a_national_is_told_on_the_right_field(at_desk):
    answer = at_desk.post("/families/new", data={**ONE, "members-0-nationality_1": "MEX"})
    assert answer.status_code == 422 and 'id="members-0-population-error"' in text_of(answer)
    again = at_desk.post(
        "/families/new", data={**ONE, "members-0-nationality_1": "MEX", "members-0-population": "IDP"}
    )
    assert again.status_code == 302


def test_who_may_be_registered_already_is_asked_before_creating(at_desk, desk):
    assert at_desk.post("/families/new", data=ONE).status_code == 302
    answer = at_desk.post("/families/new", data=ONE)
    page = text_of(answer)
    assert answer.status_code == 422 and "Puede que ya estén registradas" in page and 'value="Zulma"' in page
    [field] = set(re.findall(r'name="(same-0-[^"]+)"', page))
    assert count(Case) == 1
    later = at_desk.post("/families/new", data={**ONE, field: "OPEN"})
    assert later.status_code == 302 and count(Case) == 2
    assert session.scalars(sa.select(DuplicateCandidate.decision)).all() == ["OPEN"]


def test_the_same_person_keeps_the_file(at_desk, desk):
    at_desk.post("/families/new", data=ONE)
    [(first, number)] = session.execute(sa.select(Case.id, Case.number)).all()
    field = f"same-0-{number}"
    answer = at_desk.post("/families/new", data=of_five(**{field: "SAME"}))
    assert answer.status_code == 302, text_of(answer)
    restart()
    assert count(Case) == 5
    household = queries.household_of(first)
    assert queries.members_of(household)[0].person.given_names == "Zulma"
    assert len(queries.members_of(household)) == 5


def test_not_the_same_is_remembered(at_desk, desk):
    at_desk.post("/families/new", data=ONE)
    first = session.scalars(queries.visible_to(desk.principal)).one()
    assert (
        at_desk.post("/families/new", data={**ONE, f"same-0-{first.number}": "NOT_SAME"}).status_code == 302
    )
    assert session.scalars(sa.select(DuplicateCandidate.decision)).all() == ["NOT_SAME"]


def test_what_was_searched_for_stands_in_the_form(at_desk):
    page = text_of(at_desk.get("/families/new?q=López Yanes, Ana María 1990"))
    assert (
        'value="Ana María"' in page
        and 'value="López"' in page
        and 'value="Yanes"' in page
        and 'value="1990"' in page
    )


def test_the_family_form_asks_nothing_that_is_asked_alone(at_desk):
    page = text_of(at_desk.get("/families/new"))
    assert "LGBTIQ" not in page and "gender_self" not in page


def test_statements_do_not_grow_with_the_family(at_desk):
    def cost(data) -> int:
        seen: list[str] = []
        with counted(seen):
            assert at_desk.post("/families/new", data=data).status_code == 302
        return len(seen)

    one = cost({**ONE, "members-0-names-surname_1": "Quetzalteco"})
    five = cost(of_five())
    assert five <= one + 2 and five <= 34, (one, five)


def test_registered_persons_are_found(at_desk, desk):
    at_desk.post("/families/new", data=of_five())
    page = text_of(at_desk.get("/people?q=Bracamontebérde Zulma"))
    assert "Zulma Bracamonteverde" in page and "/families/new?q=" in page
    assert count(Person) == 5 and adult().given_names not in page


def test_the_form_stays_light(at_desk):
    """Compressed as it leaves, also with a whole family in it (LOOK: a repeat page is at most 15 KB)."""
    page = at_desk.post("/families/new", data={**of_five(), "verb": "add"}).data
    assert len(gzip.compress(page, 6)) < 15_000, len(gzip.compress(page, 6))
