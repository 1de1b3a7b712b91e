"""Every list of the vocabulary is in the code, is kept by PostgreSQL, and has a test that goes through it."""

from __future__ import annotations

import re
from itertools import groupby

import pytest

from caseapp.core import reference
from tests.architecture.vocabulary import DOCUMENT, LISTS, NOT_CODES, ROOT, checks, goes_through, table

DESIGN = ROOT.parents[0] / "shared" / "design" / "VOCABULARY.md"
BLANKS = {"NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE"}
#: Roles of A6 whose limits are not built; decision 0373 says of each why, and who does its work meanwhile.
NOT_HELD = {
    "COMMISSION_MEMBER", "COMMISSION_SECRETARY", "ELIGIBILITY_OFFICER", "EMPLOYMENT_FOCAL", "FIRST_CONTACT",
    "GBV_SPECIALIST", "GUARDIAN", "INTERPRETER", "LEGAL_REP", "OVERSIGHT_AUDITOR", "PARALEGAL", "SITE_DEVICE",
    "SOLUTIONS_OFFICER",
}  # fmt: skip
_CODE = re.compile(r"(?<![\w/-])[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)*(?![a-z\w-])")


@pytest.mark.skipif(not DESIGN.is_file(), reason="the design is not beside the repository")
@pytest.mark.parametrize("section", [f"A{n}" for n in range(10)])
def test_every_code_of_the_design_is_in_a_list(section):
    parts = re.split(r"^## (A\d)\.", DESIGN.read_text(encoding="utf-8"), flags=re.M)
    [text] = [said for name, said in zip(parts[1::2], parts[2::2], strict=True) if name == section]
    known = {c.code for name in reference.lists() for c in reference.codes(name)}
    said = set(_CODE.findall(text))
    assert said and said - known - NOT_CODES == set()


@pytest.mark.parametrize("one", [one for one in LISTS if one.column], ids=lambda one: one.column)
def test_postgresql_keeps_the_column_to_the_list(one):
    assert checks()[one.column] - BLANKS == one.codes - BLANKS


@pytest.mark.parametrize("one", LISTS, ids=lambda one: one.name)
def test_a_test_goes_through_every_code(one):
    """Or it is said what does not exist yet, or the CHECK above is all there is to test."""
    assert one.tests or one.not_yet or one.column
    assert [module for module in one.tests if not goes_through(one, module)] == []


def test_roles_that_nobody_can_hold_yet_are_named():
    """A role whose work is not built is given to nobody; once it is, its name goes from here."""
    given = checks()["membership.role"]
    assert given <= {c.code for c in reference.codes("role")}
    assert {c.code for c in reference.codes("role")} - given == NOT_HELD


def test_each_list_stands_once():
    assert len({one.name for one in LISTS}) == len(LISTS)
    sections = [name for name, _ in groupby(LISTS, key=lambda one: one.section)]
    assert sections == [f"A{n}" for n in range(10)]


def test_the_printed_table_is_the_table():
    assert DOCUMENT.read_text(encoding="utf-8") == table(), "make vocabulary"


def test_each_role_that_nobody_holds_has_its_reason():
    [decision] = (ROOT / "docs" / "decisions").glob("0373-*.md")
    named = set(re.findall(r"[A-Z]+(?:_[A-Z]+)*", decision.read_text(encoding="utf-8")))
    assert named >= NOT_HELD
