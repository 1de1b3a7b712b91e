"""What stays of a family of a list that waits for a decision when one of its people is erased (DO_NO_HARM; ARCHITECTURE
"Erasure, not soft delete")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Said = dict[str, Any]


def without(members: Sequence[Said], alike: Sequence[Said], case_id: str) -> tuple[list[Said], list[Said]]:
    """The rows of a family and whom they resemble, without the row that became this file and without the questions
    about it. Places move up; if the head goes, what the others are to the head goes as well. The same if it is not there."""
    gone = {place for place, one in enumerate(members) if one["file"] == case_id}
    stay = [place for place in range(len(members)) if place not in gone]
    kept = [dict(members[place]) for place in stay]
    if 0 in gone:
        kept = [{**one, "relation": None} for one in kept]
    asked = [
        {**one, "member": stay.index(one["member"])}
        for one in alike
        if one["member"] not in gone and one["case_id"] != case_id
    ]
    return kept, asked
