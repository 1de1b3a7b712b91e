"""What stays of a family that waits when one of its people is erased."""

from __future__ import annotations

import pytest

from caseapp.reception.rules.held import without


def said(name, file=None, relation=None):
    return {"given_names": name, "file": file, "known": file is not None, "relation": relation}


def alike(member, case_id):
    return {"member": member, "score": 90, "reasons": [], "case_id": case_id}


FAMILY = [said("Ana", "a"), said("Luis", "b", "SPOUSE"), said("Rosa", None, "CHILD")]
ASKED = [alike(0, "x"), alike(2, "y"), alike(2, None)]


@pytest.mark.parametrize(
    ("case_id", "names", "relations", "asked"),
    [
        ("a", ["Luis", "Rosa"], [None, None], [(1, "y"), (1, None)]),  # the head
        ("b", ["Ana", "Rosa"], [None, "CHILD"], [(0, "x"), (1, "y"), (1, None)]),
        ("y", ["Ana", "Luis", "Rosa"], [None, "SPOUSE", "CHILD"], [(0, "x"), (2, None)]),  # compared with
        (
            "z",
            ["Ana", "Luis", "Rosa"],
            [None, "SPOUSE", "CHILD"],
            [(0, "x"), (2, "y"), (2, None)],
        ),  # not there
    ],
)
def test_nothing_of_an_erased_person_stays_in_it(case_id, names, relations, asked):
    kept, left = without(FAMILY, ASKED, case_id)
    assert [one["given_names"] for one in kept] == names
    assert [one["relation"] for one in kept] == relations
    assert [(one["member"], one["case_id"]) for one in left] == asked
    assert FAMILY[1]["relation"] == "SPOUSE"  # what was given is not changed
