"""After how many days an entry of the service directory ages."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import yaml

from caseapp.core.reference.lists import codes
from caseapp.core.reference.source import ROOT, ReferenceInvalid, line_of


class FreshnessRule(NamedTuple):
    """Days after which an entry of a group of service kinds ages, and after which it is stale."""

    group: str
    ageing_after: int
    stale_after: int


@cache
def freshness_rules() -> dict[str, FreshnessRule]:
    """Every rule by group; ALL is always there. Raises ReferenceInvalid with file and line."""
    path = ROOT / "directory.yml"
    groups = {c.group for c in codes("service_kind")}
    made = {}
    for row in yaml.safe_load(path.read_text(encoding="utf-8"))["freshness"]:
        rule = FreshnessRule(**row)
        if rule.group not in {"ALL", *groups} or not 0 < rule.ageing_after < rule.stale_after:
            raise ReferenceInvalid(
                path, line_of(path, str(rule.group)), f"freshness of {rule.group!r} is off"
            )
        made[rule.group] = rule
    if "ALL" not in made:
        raise ReferenceInvalid(path, 1, "freshness has no line for ALL")
    return made


def freshness_rule(service_kind: str) -> FreshnessRule:
    """The rule for a kind of service (list `service_kind`)."""
    groups = {c.code: c.group for c in codes("service_kind")}
    rules = freshness_rules()
    return rules.get(groups.get(service_kind) or "ALL", rules["ALL"])
