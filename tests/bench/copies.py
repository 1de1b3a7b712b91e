"""Copies of the original families: the same rows with new ids, names, keys, tokens, numbers and dates.

What each value of an original becomes is settled once (`Plan`), so that a copy is a list copied and a few
places filled in. Encrypted values are opened and sealed again under the copy's own data key, bound to the
copy's own ids; pseudonyms and search tokens are worked out anew. The rows go in by COPY.
"""

from __future__ import annotations

import os
import re
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import UUID

import psycopg

from caseapp.core import crypto
from caseapp.people.rules.number import is_number, number_of
from caseapp.people.search.names import BirthKnowledge, Document, PersonNames
from caseapp.people.search.tokens import stored_tokens
from config.settings import Purpose, country_key
from tests.bench.originals import COUNTRY, Desk, Original, Table
from workers.demo import calibration

KEY_TABLE, TOKEN_TABLE = "keyring.case_key", "public.name_token"
KINDS = ("person", "household", "subject")
SEVEN_DIGITS = re.compile(r"\d{6,7}$")
#: 31**7 bodies of numbers; a factor that has no part in common with 31 meets each of them once.
BODIES, STRIDE = 31**7, 10_007_003_011


class Copy:
    """One copy in the making: what ids, names and days of its original become."""

    def __init__(
        self, plan: Plan, desk: Desk, moment: datetime, random: Random, number: Iterator[int]
    ) -> None:
        self.random, self.number = random, number
        first = int(moment.timestamp() * 1000)
        self.ids = {old: _uuid7(first + i) for i, old in enumerate(plan.ids)}
        was = plan.original.desk
        self.world = {was.team: desk.team, was.site: desk.site, was.user: desk.user}
        self.actors = {f"user:{was.user}": f"user:{desk.user}"}
        self.shift = timedelta(days=(moment - plan.original.moment).days)
        self.keys = {self.ids[c]: secrets.token_bytes(32) for c in plan.original.cases}
        self.words: dict[tuple[str, str], str] = {}
        self.numbers: dict[str, str] = {}
        self.pseudonyms: dict[UUID, UUID] = {}

    def word(self, part: str, word: str, names: calibration.Names) -> str:
        """The name that stands for this one throughout the family."""
        if (part, word) not in self.words:
            self.words[part, word] = names.draw(self.random)
        return self.words[part, word]

    def public_number(self, old: str) -> str:
        if old not in self.numbers:
            self.numbers[old] = number_of(old[0], next(self.number) * STRIDE % BODIES)
        return self.numbers[old]

    def pseudonym(self, old: UUID, kind: str, subject: UUID) -> UUID:
        if old not in self.pseudonyms:
            self.pseudonyms[old] = crypto.pseudonym(COUNTRY, kind, self.ids[subject])
        return self.pseudonyms[old]


Change = Callable[[Copy, list[Any]], Any]


@dataclass(frozen=True)
class _Opened:
    """An encrypted value of an original: what it says, and where."""

    plain: str
    naming: str
    sex: str


class Plan:
    """An original family and, for each of its rows, which places change in a copy and how."""

    def __init__(self, original: Original, tables: dict[str, Table]) -> None:
        self.original = original
        self.rows = {n: rows for n, rows in original.rows.items() if n not in (KEY_TABLE, TOKEN_TABLE)}
        self._at = {n: {c: i for i, c in enumerate(t.columns)} for n, t in tables.items()}
        self.ids = sorted(
            {row[self._at[n]["id"]] for n, rows in self.rows.items() for row in rows if "id" in self._at[n]}
        )
        known = set(self.ids)
        self._subjects = {
            crypto.pseudonym(COUNTRY, kind, one): (kind, one) for one in self.ids for kind in KINDS
        }
        self._keys = self._unwrapped()
        self._people = {row[self._at["public.person"]["case_id"]]: row for row in self.rows["public.person"]}
        self.changes = {
            n: [(row, self._changes(n, row, known)) for row in rows] for n, rows in self.rows.items()
        }
        self.findable = [self._findable(row) for row in self.rows["public.person"]]

    def _unwrapped(self) -> dict[UUID, bytes]:
        at = self._at[KEY_TABLE]
        wrapping = country_key(COUNTRY, Purpose.WRAPPING)
        return {
            row[at["case_id"]]: crypto.unseal(wrapping, row[at["wrapped"]], _wrap_aad(row[at["case_id"]]))
            for row in self.original.rows[KEY_TABLE]
        }

    def _changes(self, table: str, row: Sequence[Any], known: set[UUID]) -> list[tuple[int, Change]]:
        found = []
        for column, i in self._at[table].items():
            change = self._change(table, column, row, row[i], known)
            if change is not None:
                found.append((i, change))
        return found

    def _change(
        self, table: str, column: str, row: Sequence[Any], value: Any, known: set[UUID]
    ) -> Change | None:
        if value is None or isinstance(value, bool):
            return None
        if isinstance(value, UUID):
            return self._id_change(value, known)
        if isinstance(value, list) and value and isinstance(value[0], UUID):
            return lambda copy, _: [copy.world.get(v, v) for v in value]
        if isinstance(value, date):
            exact = row[self._at[table]["birth_precision"]] == "DAY" if column.startswith("birth_") else True
            return (lambda copy, _: value + copy.shift) if exact else None
        if isinstance(value, bytes) and column.endswith("_sealed"):
            return self._sealed_change(table, column.removesuffix("_sealed"), row, value)
        if isinstance(value, str) and value.startswith("user:"):
            return lambda copy, _: copy.actors.get(value, value)
        if isinstance(value, str) and is_number(value):
            return lambda copy, _: copy.public_number(value)
        return None

    def _id_change(self, value: UUID, known: set[UUID]) -> Change:
        if value in known:
            return lambda copy, _: copy.ids[value]
        if value in self._subjects:
            kind, subject = self._subjects[value]
            return lambda copy, _: copy.pseudonym(value, kind, subject)
        return lambda copy, _: copy.world.get(value, value)

    def _sealed_change(self, table: str, name: str, row: Sequence[Any], value: bytes) -> Change:
        at, bare = self._at[table], table.split(".")[1].strip('"')
        case, own = row[at["case_id"]], row[at["id"]]
        opened = self._open(bare, name, case, own, value)

        def sealed(copy: Copy, _: list[Any]) -> bytes:
            text = _reworded(copy, bare, name, opened)
            aad = f"{bare}:{name}:{copy.ids[own]}".encode()
            return crypto.seal(copy.keys[copy.ids[case]], text.encode(), aad)

        return sealed

    def _open(self, bare: str, name: str, case: UUID, own: UUID, value: bytes) -> _Opened:
        plain = crypto.unseal(self._keys[case], value, f"{bare}:{name}:{own}".encode()).decode()
        person, at = self._people.get(case), self._at["public.person"]
        if person is None:
            return _Opened(plain, "spa", "F")
        surname = person[at["surname_1_sealed"]]
        heard = (
            crypto.unseal(self._keys[case], surname, f"person:surname_1:{person[at['id']]}".encode()).decode()
            if surname
            else ""
        )
        sex = person[at["sex_in_document"]]
        return _Opened(plain, _naming_of(heard), sex if sex in ("F", "M") else "F")

    def _findable(self, row: Sequence[Any]) -> _Findable:
        """What a person is found by, still in the original's words."""
        at = self._at["public.person"]
        case, own = row[at["case_id"]], row[at["id"]]

        def opened(table: str, name: str, of: Sequence[Any]) -> _Opened | None:
            where = self._at[table]
            value = of[where[f"{name}_sealed"]]
            return (
                None if value is None else self._open(table.split(".")[1], name, case, of[where["id"]], value)
            )

        def rows(table: str) -> list[tuple[Any, ...]]:
            return [r for r in self.rows.get(table, ()) if r[self._at[table]["case_id"]] == case]

        documents, contacts = "public.identity_document", "public.contact"
        ended = self._at.get(contacts, {}).get("ended_at", 0)
        return _Findable(
            own,
            {n: opened("public.person", n, row) for n in _NAME_PARTS},
            (row[at["birth_precision"]], row[at["birth_from"]], row[at["birth_to"]]),
            [
                (r[self._at[documents]["document_type"]], opened(documents, "number", r))
                for r in rows(documents)
            ],
            [opened(contacts, "number", r) for r in rows(contacts) if r[ended] is None],
        )

    def copy(
        self, desk: Desk, moment: datetime, random: Random, number: Iterator[int]
    ) -> tuple[dict[str, list[list[Any]]], Copy]:
        """The rows of one copy by table, its keys and tokens with them."""
        made = Copy(self, desk, moment, random, number)
        found: dict[str, list[list[Any]]] = {}
        for table, rows in self.changes.items():
            into = found[table] = []
            for row, changes in rows:
                new = list(row)
                for i, change in changes:
                    new[i] = change(made, new)
                into.append(new)
        found[KEY_TABLE] = self._wrapped(made)
        found[TOKEN_TABLE] = [r for f in self.findable for r in _token_rows(f, made, self._at[TOKEN_TABLE])]
        return found, made

    def _wrapped(self, made: Copy) -> list[list[Any]]:
        at = self._at[KEY_TABLE]
        wrapping = country_key(COUNTRY, Purpose.WRAPPING)
        found = []
        for row in self.original.rows[KEY_TABLE]:
            case = made.ids[row[at["case_id"]]]
            new = list(row)
            new[at["case_id"]] = case
            new[at["wrapped"]] = crypto.seal(wrapping, made.keys[case], _wrap_aad(case))
            new[at["made_at"]] = row[at["made_at"]] + made.shift
            found.append(new)
        return found


_NAME_PARTS = ("given_names", "surname_1", "surname_2", "also_known_as", "called_name")


@dataclass(frozen=True)
class _Findable:
    person: UUID
    names: dict[str, _Opened | None]
    birth: tuple[str, date | None, date | None]
    documents: list[tuple[str, _Opened | None]]
    phones: list[_Opened | None]


def _token_rows(one: _Findable, made: Copy, at: dict[str, int]) -> Iterable[list[Any]]:
    words = {n: _reworded(made, "person", n, o) if o else "" for n, o in one.names.items()}
    precision, earliest, latest = one.birth
    if precision == "DAY" and earliest and latest:
        earliest, latest = earliest + made.shift, latest + made.shift
    tokens = stored_tokens(
        PersonNames.of(*(words[n] for n in _NAME_PARTS)), BirthKnowledge(precision, earliest, latest),
        [Document(t, _reworded(made, "identity_document", "number", o)) for t, o in one.documents if o],
        [_reworded(made, "contact", "number", o) for o in one.phones if o],
        key=country_key(COUNTRY, Purpose.TOKENS),
    )  # fmt: skip
    person = made.ids[one.person]
    for token in tokens:
        row: list[Any] = [None] * len(at)
        row[at["person_id"]], row[at["kind"]], row[at["token"]] = person, int(token.kind), token.token
        row[at["country"]] = COUNTRY
        yield row


def _reworded(copy: Copy, table: str, name: str, opened: _Opened) -> str:
    """The words of the copy: other names of the same tradition, other figures in numbers, all else the same."""
    if table == "person" and name in _NAME_PARTS:
        if name.startswith("surname"):
            return copy.word("surname", opened.plain, calibration.surnames(opened.naming))
        given = calibration.given_names(opened.sex, opened.naming)
        return " ".join(copy.word(opened.sex, w, given) for w in opened.plain.split())
    if name == "number":
        return SEVEN_DIGITS.sub(lambda m: _figures(copy, m[0]), opened.plain)
    return opened.plain


def _figures(copy: Copy, old: str) -> str:
    if old not in copy.numbers:
        copy.numbers[old] = f"{copy.random.randrange(10 ** len(old)):0{len(old)}d}"
    return copy.numbers[old]


@cache
def _naming_of(surname: str) -> str:
    traditions = sorted(
        {r["naming"] for r in calibration.rows("demo/surnames.csv")}, key=lambda n: n != "spa"
    )
    return next((n for n in traditions if surname in set(calibration.surnames(n).words)), "spa")


def _wrap_aad(case: UUID) -> bytes:
    return f"case_key:{COUNTRY}:{case}".encode()


def _uuid7(milliseconds: int) -> UUID:
    """An id as of that moment (RFC 9562), so that copies lie in the tables as real ones would."""
    bits = int.from_bytes(os.urandom(10), "big")
    head = (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | (bits >> 68 & 0xFFF) << 64
    return UUID(int=head | 0b10 << 62 | bits & (2**62 - 1))


def write(url: str, tables: dict[str, Table], batches: Iterable[Sequence[dict[str, list[list[Any]]]]]) -> int:
    """COPY the copies, one transaction a batch; how many cases there were."""
    count = 0
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for batch in batches:
            together: dict[str, list[list[Any]]] = defaultdict(list)
            for family in batch:
                count += len(family['public."case"'])
                for table, rows in family.items():
                    together[table].extend(rows)
            for name, rows in together.items():
                columns = ", ".join(f'"{c}"' for c in tables[name].columns)
                with connection.cursor().copy(f"COPY {name} ({columns}) FROM STDIN") as into:
                    for row in rows:
                        into.write_row(row)
            connection.commit()
    return count
