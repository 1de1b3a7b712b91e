"""Measure the search by name: how often the person sought is among the first ten.

    python tests/bench/names.py [GIVEN_NAMES.csv SURNAMES.csv] [--people 100000] [--queries 2000] [--seed 7]

Invented people are drawn from weighted names (columns `name` or `surname`, `weight`, and `locale` or `naming`),
an eighth of them with Haitian names, a tail of names of which the frequency list knows nothing; families share surnames. Each query is a stored person as somebody else
would write them down: slips of the pen, spelling by ear, a surname or a given name left out, nicknames, parts
exchanged, birth a year off, exchanged, rounded or not given. The index is a dictionary in memory. It prints
recall@10, how many candidates are decrypted, and the times; nothing is asserted.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from caseapp.people.search import (  # noqa: E402
    BirthKnowledge,
    Candidate,
    PersonNames,
    Sought,
    StoredToken,
    found_enough,
    parse_query,
    possible_duplicate,
    query_tokens,
    rank,
    stored_tokens,
)

DEMO_NAMES = [ROOT / "config" / "reference" / "demo" / f"{part}.csv" for part in ("given_names", "surnames")]
UNWEIGHTED = 0.45  # how much such a list counts beside one with weights
KEY = b"a key for the bench, worth nothing"
MOST_DECRYPTED = 200
TODAY = date(2025, 11, 23)
BY_EAR = (("z", "s"), ("s", "z"), ("b", "v"), ("v", "b"), ("ll", "y"), ("y", "ll"), ("h", ""), ("qu", "k"),
          ("c", "k"), ("j", "g"), ("ñ", "n"), ("x", "j"), ("rr", "r"), ("ce", "se"), ("ci", "si"))  # fmt: skip


@dataclass
class Names:
    given: dict[str, tuple[list[str], list[float]]] = field(default_factory=dict)
    surnames: dict[str, tuple[list[str], list[float]]] = field(default_factory=dict)


def read_names(paths: Sequence[Path]) -> Names:
    """Weighted names by population; Haitian ones under `hat`, the rest under `spa`."""
    rows: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for path in (*paths, ROOT / "config" / "reference" / "name_weights_haiti.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                part = row.get("part") or ("surname" if "surname" in row else "given")
                name = row["surname" if "surname" in row else "name"]
                locale = row.get("locale") or row.get("naming") or ""
                if name:
                    rows[part, locale].append((name, float(row["weight"] or 0)))
    names = Names()
    for (part, locale), found in rows.items():
        total = sum(w for _, w in found)
        if (
            not total
        ):  # a list without weights: every name the same, a rare tail that the frequencies do not know
            found, total = [(name, UNWEIGHTED) for name, _ in found], float(len(found))
        language = "hat" if locale in ("hat", "ht_HT") else "spa"
        into = (names.given if part == "given" else names.surnames).setdefault(language, ([], []))
        into[0].extend(name for name, _ in found)
        into[1].extend(weight / total for _, weight in found)
    return names


def make_people(names: Names, count: int, rng: random.Random) -> list[Candidate]:
    people: list[Candidate] = []
    while len(people) < count:
        language = "hat" if rng.random() < 0.125 else "spa"
        surnames = rng.choices(*names.surnames[language], k=2)
        if language == "hat" or rng.random() < 0.1:
            surnames[1] = ""
        for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
            given = rng.choices(*names.given[language], k=2 if rng.random() < 0.6 else 1)
            text = " ".join(dict.fromkeys(given))
            sex = rng.choice("FM")
            people.append(Candidate(len(people), PersonNames(text, *surnames), a_birth(rng), sex))
    return people[:count]


def a_birth(rng: random.Random) -> BirthKnowledge:
    age = min(90.0, rng.gammavariate(3.2, 8.0))
    day = TODAY - timedelta(days=int(age * 365.25))
    chance = rng.random()
    if chance < 0.80:
        return exactly(day)
    if chance < 0.84:
        return exactly(date(day.year, 1, 1))
    if chance < 0.90:
        return a_year(day.year)
    if chance < 0.97:
        return BirthKnowledge("AGE_ESTIMATED", date(day.year - 2, 1, 1), date(day.year + 2, 12, 31))
    return BirthKnowledge()


def exactly(day: date) -> BirthKnowledge:
    return BirthKnowledge("DAY", day, day)


def a_year(year: int) -> BirthKnowledge:
    return BirthKnowledge("YEAR", date(year, 1, 1), date(year, 12, 31))


# --- how somebody else would write the person down ------------------------------------------------------


def slip(word: str, rng: random.Random) -> str:
    """One letter put wrong, left out, doubled or exchanged with its neighbour."""
    if len(word) < 3:
        return word
    at = rng.randrange(len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + rng.choice("aeiounrslt") + word[at + 1 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def by_ear(word: str, rng: random.Random) -> str:
    possible = [(a, b) for a, b in BY_EAR if a in word.lower()]
    if not possible:
        return word
    a, b = rng.choice(possible)
    return word.lower().replace(a, b, 1)


def one_word(text: str, change: Callable[[str, random.Random], str], rng: random.Random) -> str:
    words = text.split()
    if not words:
        return text
    at = rng.randrange(len(words))
    words[at] = change(words[at], rng)
    return " ".join(words)


def a_nickname(text: str, nicknames: dict[str, list[str]], rng: random.Random) -> str:
    words = text.split()
    for i, word in enumerate(words):
        if nicknames.get(word):
            words[i] = rng.choice(nicknames[word])
            return " ".join(words)
    return text


def read_nicknames() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    with (ROOT / "config" / "reference" / "nicknames.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["name"]].append(row["nickname"])
    return found


def distort(
    person: Candidate, nicknames: dict[str, list[str]], rng: random.Random
) -> tuple[PersonNames, BirthKnowledge, set[str]]:
    """The names and birth as asked, and what was done to them."""
    done: set[str] = set()
    given, one, two = person.names.given_names, person.names.surname_1, person.names.surname_2
    if rng.random() < 0.07:
        changed = a_nickname(given, nicknames, rng)
        if changed != given:
            given, done = changed, done | {"nickname"}
    if " " in given and rng.random() < 0.25:
        given, done = rng.choice(given.split()), done | {"given left out"}
    if two and rng.random() < 0.25:
        two, done = "", done | {"surname left out"}
    if two and rng.random() < 0.05:
        one, two, done = two, one, done | {"surnames swapped"}
    for chance, what, change in ((0.20, "slip", slip), (0.25, "by ear", by_ear)):
        if rng.random() < chance:
            part = rng.randrange(3 if two else 2)
            done.add(what)
            if part == 0:
                given = one_word(given, change, rng)
            elif part == 1:
                one = one_word(one, change, rng)
            else:
                two = one_word(two, change, rng)
    if rng.random() < 0.03:
        given, one, done = one, given, done | {"parts exchanged"}
    birth, how = ask_birth(person.birth, rng)
    return PersonNames(given, one, two), birth, done | how


def ask_birth(birth: BirthKnowledge, rng: random.Random) -> tuple[BirthKnowledge, set[str]]:
    day = birth.exact
    chance = rng.random()
    if birth.date_from is None or chance < 0.10:
        return BirthKnowledge(), {"no birth"}
    year = day.year if day else birth.date_from.year + len(birth.years) // 2
    if day is None or chance < 0.20:
        return a_year(year + rng.choice((0, 0, 0, -1, 1))), {"birth year only"}
    if chance < 0.26:
        about = year + rng.choice((-2, -1, 0, 1, 2))
        return BirthKnowledge("AGE_ESTIMATED", date(about - 2, 1, 1), date(about + 2, 12, 31)), {"age"}
    if chance < 0.30 and day.day <= 12:
        return exactly(date(day.year, day.day, day.month)), {"day and month"}
    if chance < 0.34:
        return exactly(date(day.year + rng.choice((-1, 1)), day.month, min(day.day, 28))), {"a year off"}
    if chance < 0.37:
        return exactly(day.replace(day=rng.randint(1, 28))), {"another day"}
    return birth, set()


# --- the index and the measures -------------------------------------------------------------------------


class Index:
    """Person numbers by token, and the candidates as the database function would return them."""

    def __init__(self, people: Sequence[Candidate]) -> None:
        self.people = people
        self.holders: dict[StoredToken, list[int]] = defaultdict(list)
        self.stored = 0
        for person in people:
            tokens = stored_tokens(person.names, person.birth, person.documents, person.phones, key=KEY)
            self.stored += len(tokens)
            for token in tokens:
                self.holders[token].append(int(str(person.ref)))

    def candidates(self, tokens: frozenset[StoredToken]) -> list[int]:
        """Those who hold most of the tokens first, at most so many as may be decrypted."""
        held: Counter[int] = Counter()
        for token in tokens:
            held.update(self.holders.get(token, ()))
        return [ref for ref, _ in sorted(held.items(), key=lambda x: (-x[1], x[0]))[:MOST_DECRYPTED]]

    def find(self, sought: Sought) -> tuple[list[object], int]:
        """The references found, best first, and how many were decrypted."""
        exact, pairs, wider = query_tokens(sought, key=KEY)
        found = self.candidates(exact.tokens | pairs.tokens)
        ranked = rank(sought, [self.people[ref] for ref in found])
        if not found_enough(ranked):
            found += [ref for ref in self.candidates(wider.tokens) if ref not in set(found)]
            ranked = rank(sought, [self.people[ref] for ref in found])
        return [s.candidate.ref for s in ranked], len(found)


def as_typed(names: PersonNames, birth: BirthKnowledge) -> str:
    when = ""
    if birth.exact:
        when = birth.exact.strftime("%d/%m/%Y")
    elif birth.precision == "YEAR" and birth.date_from:
        when = str(birth.date_from.year)
    elif birth.precision == "AGE_ESTIMATED" and birth.date_from:
        when = f"{TODAY.year - birth.date_from.year - 2} años"
    return f"{names.given_names} {names.surnames} {when}"


def same_record(one: Candidate, other: Candidate) -> bool:
    """Nobody could tell these two apart by name and birth."""
    return one.names == other.names and one.birth == other.birth


def measure(
    index: Index, nicknames: dict[str, list[str]], queries: int, rng: random.Random, typed: bool
) -> None:
    hits = tries = 0
    by_kind: dict[str, list[int]] = defaultdict(list)
    sizes: list[int] = []
    times: list[float] = []
    missed: list[str] = []
    for _ in range(queries):
        person = rng.choice(index.people)
        names, birth, done = distort(person, nicknames, rng)
        sought = (
            parse_query(as_typed(names, birth), today=TODAY) if typed else Sought(names=names, birth=birth)
        )
        began = time.perf_counter()
        found, size = index.find(sought)
        times.append((time.perf_counter() - began) * 1000)
        sizes.append(size)
        hit = any(same_record(person, index.people[int(str(r))]) for r in found[:10])
        hits, tries = hits + hit, tries + 1
        for kind in done or {"nothing"}:
            by_kind[kind].append(hit)
        if not hit and len(missed) < 12:
            where = "not a candidate" if person.ref not in found else f"place {found.index(person.ref) + 1}"
            missed.append(f"    {as_typed(person.names, person.birth)} ← {as_typed(names, birth)} ({where})")
    spread = quantiles(sizes, n=20)[18], max(sizes)
    print(f"{'typed in one box' if typed else 'in parts'}: recall@10 {hits / tries:.4f} of {tries}")
    print(f"  candidates: median {median(sizes):.0f}, p95 {spread[0]:.0f}, most {spread[1]}, "
          f"none {sum(not s for s in sizes)}")  # fmt: skip
    print(f"  time without database: median {median(times):.1f} ms, p95 {quantiles(times, n=20)[18]:.1f} ms")
    for kind, found_of in sorted(by_kind.items(), key=lambda x: -len(x[1])):
        print(f"    {kind:18} {sum(found_of) / len(found_of):.3f}  ({len(found_of)})")
    print("  missed, for example:", *missed, sep="\n")


def measure_duplicates(
    people: Sequence[Candidate], nicknames: dict[str, list[str]], rng: random.Random
) -> None:
    again = siblings = strangers = 0
    tries = 3000
    for _ in range(tries):
        person = rng.choice(people)
        names, birth, _ = distort(person, nicknames, rng)
        again += possible_duplicate(person, replace(person, names=names, birth=birth))
        other = rng.choice(people)
        siblings += possible_duplicate(
            person,
            replace(other, names=replace(person.names, given_names=other.names.given_names)),
        )
        strangers += possible_duplicate(person, other)
    print(f"possible duplicate: the same person written again {again / tries:.3f}, "
          f"same surnames by chance {siblings / tries:.4f}, strangers {strangers / tries:.5f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("files", nargs="*", type=Path, default=DEMO_NAMES)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    people = make_people(read_names(options.files), options.people, rng)
    began = time.perf_counter()
    index = Index(people)
    took = time.perf_counter() - began
    fullest = max(map(len, index.holders.values()))
    print(f"{len(people)} people, {index.stored / len(people):.1f} tokens each, {took / len(people) * 1e6:.0f} µs "
          f"each; fullest token {fullest} ({fullest / len(people) * 1e6:.0f} per million)")  # fmt: skip
    crowd = sum(len(h) / len(people) > 300e-6 for h in index.holders.values())
    print(f"{len(index.holders)} tokens, {crowd} of them held by more than 300 per million")
    nicknames = read_nicknames()
    measure(index, nicknames, options.queries, rng, typed=False)
    measure(index, nicknames, options.queries, rng, typed=True)
    measure_duplicates(people, nicknames, rng)


if __name__ == "__main__":
    main()
