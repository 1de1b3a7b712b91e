"""What the selects of facts are made of: the columns of a fact, lists, conditions and classes of events, in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from caseapp.indicators.cubes import Axis

IN_ORDER = "effective_on, recorded_at, position"
#: Results by which a service reached the person.
REACHED = ("DELIVERED_FULL", "DELIVERED_PART")


def listed(values: Iterable[str]) -> str:
    """A list for IN (…); only codes of the house come here."""
    found = list(values)
    for value in found:
        if not value.replace("-", "").replace("_", "").replace(".", "").replace("+", "").isalnum():
            raise ValueError(f"{value!r} is not a code")
    return ", ".join(f"'{value}'" for value in found)


def row_of(
    of: str, *, on: str = "", stage: str = "''", sector: str = "''", amount: str = "1", site: str = "",
    household_type: str = "",
) -> str:  # fmt: skip
    """The columns of a fact that come straight from the event `of`."""
    on = on or f"{of}.effective_on"
    return (
        f"{of}.id, {of}.person, {of}.household, {site or of + '.site'} AS site, {on} AS effective_on, {of}.recorded_at, "
        f"{of}.sex, {of}.age_band, {of}.origin, {household_type or of + '.household_type'} AS household_type, "
        f"{stage} AS stage, {sector} AS sector, "
        f"{amount} AS amount"
    )


def select_tests(where: Mapping[str, object]) -> list[str]:
    """Conditions on an event's columns: codes, or for `number` a span {from, below}, either end of which may lack."""
    found = []
    for column, wanted in where.items():
        if isinstance(wanted, Mapping):
            found += [f"e.{column} >= {int(wanted['from'])}"] if "from" in wanted else []
            found += [f"e.{column} < {int(wanted['below'])}"] if "below" in wanted else []
        else:
            found.append(f"e.{column} IN ({listed(wanted)})")  # type: ignore[arg-type]
    return found


def select_label(axis: Axis, column: str) -> str:
    """The base label of a dimension: `Axis.place` on a column. Labels are codes of our own files."""
    whens = "".join(
        f"WHEN {listed([code])} THEN {listed([label])} " for code, label in (axis.takes or {}).items()
    )
    found = f"(CASE {column} {whens}ELSE {column} END)" if whens else column
    if not axis.labels or not axis.rest:
        return found
    return f"CASE WHEN {found} IN ({listed(axis.labels)}) THEN {found} ELSE {listed([axis.rest])} END"


def select_classes(how: Mapping[str, object]) -> str:
    """The first of the `cases` that an event passes, otherwise `rest`; without cases, nothing."""
    if not how:
        return "''"
    cases: Mapping[str, Mapping[str, object]] = how["cases"]  # type: ignore[assignment]
    whens = " ".join(
        f"WHEN {' AND '.join(select_tests(where))} THEN '{name}'" for name, where in cases.items()
    )
    return f"CASE {whens} ELSE {listed([str(how['rest'])])} END"
