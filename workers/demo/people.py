"""Families that never existed: composed by real shares of age and sex, named by weighted lists.

Everything here is pure. `shapes` says who travels with whom in a country; `invent` gives a shape names,
births, languages, documents and telephones that belong to nobody: document numbers begin with `DEMO-`, and
telephone numbers have a zero where no numbering plan of the region has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from caseapp.people.rules import Birth, birth_bounds
from caseapp.people.service import NewContact, NewDocument, NewFamily, NewPerson, NewRelation
from workers.demo import calibration
from workers.demo.calibration import drawn

#: Years of age of each band of the figures.
AGES = {"0_4": (0, 4), "5_11": (5, 11), "12_17": (12, 17), "18_59": (18, 59), "60": (60, 84)}
CHILDREN = ("0_4", "5_11", "12_17")
#: How often another given name is drawn where somebody of the family has it.
TRIES = 12
DIALLING = {"MEX": "52", "GTM": "502", "HND": "504", "SLV": "503", "CRI": "506", "PAN": "507", "BLZ": "501"}
SPANISH_SECOND = frozenset({"cab", "miq", "mam", "quc", "kek", "cak", "ixl", "tzo", "tzh", "gym", "emp"})
#: Who is a national at home: the share of families, and what they are then.
NATIONALS = {
    "HND": (0.08, "IDP"),
    "SLV": (0.08, "IDP"),
    "GTM": (0.04, "RETURNEE_WITH_NEEDS"),
    "MEX": (0.02, "IDP"),
}


@dataclass(frozen=True)
class Part:
    """A member of a shape: `role` is the relation to the head (HEAD, SPOUSE, CHILD, …)."""

    role: str
    sex: str
    band: str


Shape = tuple[Part, ...]


@dataclass(frozen=True)
class Member:
    """What histories need to know of a member beside what is registered."""

    sex: str
    born: date
    role: str

    def age(self, on: date) -> int:
        return on.year - self.born.year - ((on.month, on.day) < (self.born.month, self.born.day))


@dataclass(frozen=True)
class Family:
    """An invented family: `new` is what the desk writes down, `members` what is true, in the same order."""

    country: str
    origin: str
    new: NewFamily
    members: tuple[Member, ...]
    language: str

    def adults(self, on: date) -> list[int]:
        return [i for i, m in enumerate(self.members) if m.age(on) >= 18]

    def children(self, on: date) -> list[int]:
        return [i for i, m in enumerate(self.members) if m.age(on) < 18]


def shapes(country: str, persons: int, random: Random) -> list[Shape]:
    """Who travels with whom: shapes of exactly so many persons, by the country's shares of age and sex."""
    counts = calibration.shared_out(persons, calibration.age_sex(country))
    pool = _Pool(counts, random)
    found: list[list[Part]] = []
    _alone_children(pool, found, random)
    while pool.children:
        _with_children(pool, found, random)
    while pool.left():
        _without_children(pool, found, random)
    return [tuple(shape) for shape in found]


class _Pool:
    """Persons not yet in a family, by sex for adults and older people."""

    def __init__(self, counts: dict[tuple[str, str], int], random: Random) -> None:
        self.children = [(s, b) for (s, b), n in counts.items() if b in CHILDREN for _ in range(n)]
        random.shuffle(self.children)
        self.adults = {sex: counts[sex, "18_59"] for sex in "FM"}
        self.older = {sex: counts[sex, "60"] for sex in "FM"}

    def left(self) -> int:
        return sum(self.adults.values()) + sum(self.older.values())

    def take(self, *wanted: tuple[str, str]) -> list[tuple[str, str]] | None:
        """All of these (sex, "18_59" or "60"), or none."""
        taken: list[tuple[str, str]] = []
        for sex, band in wanted:
            of = self.adults if band == "18_59" else self.older
            if not of[sex]:
                for s, b in taken:
                    (self.adults if b == "18_59" else self.older)[s] += 1
                return None
            of[sex] -= 1
            taken.append((sex, band))
        return taken


def _alone_children(pool: _Pool, found: list[list[Part]], random: Random) -> None:
    """About one adolescent in thirty is alone; a tenth of these are two brothers or sisters, and so are the first, where
    another child is left for the families."""
    young, enough = [c for c in pool.children if c[1] == "12_17"], len(pool.children) > 2
    for turn, one in enumerate(young[: max((len(young) + 15) // 30, int(enough))]):
        pool.children.remove(one)
        shape = [Part("HEAD", *one)]
        if pool.children and (random.random() < 0.1 or (enough and turn == 0)):
            shape.append(Part("SIBLING", *pool.children.pop()))
        found.append(shape)


_CARERS = {
    (("F", "18_59"),): 0.40,
    (("F", "18_59"), ("M", "18_59")): 0.46,
    (("M", "18_59"),): 0.06,
    (("F", "60"),): 0.04,
    (("F", "18_59"), ("F", "60")): 0.04,
}


def _with_children(pool: _Pool, found: list[list[Part]], random: Random) -> None:
    wanted = list(_CARERS)
    first = drawn(random, _CARERS)
    for carers in [first, *(c for c in wanted if c != first)]:
        taken = pool.take(*carers)
        if taken:
            break
    size = drawn(random, {1: 0.42, 2: 0.33, 3: 0.17, 4: 0.08})
    children = sorted((pool.children.pop() for _ in range(min(size, len(pool.children)))), key=_older_first)
    if not taken:
        # No adult is left: the children belong to a family that is there, or travel alone.
        family = next((f for f in found if f[0].band == "18_59"), None)
        if family is None:
            found.extend([Part("HEAD", *c)] for c in children)
        else:
            family.extend(Part("CHILD", *c) for c in children)
        return
    (sex, band), *others = taken
    kin = "CHILD" if band == "18_59" else "GRANDCHILD"
    if band == "18_59" and len(taken) == 1 and random.random() < 0.06:
        kin = "NIECE_NEPHEW"
    roles = {"18_59": "SPOUSE" if random.random() < 0.4 else "PARTNER", "60": "PARENT"}
    found.append(
        [
            Part("HEAD", sex, band),
            *(Part(roles[b], s, b) for s, b in others),
            *(Part(kin, *c) for c in children),
        ]
    )


def _older_first(child: tuple[str, str]) -> int:
    return -CHILDREN.index(child[1])


def _without_children(pool: _Pool, found: list[list[Part]], random: Random) -> None:
    couple = pool.take(("F", "18_59"), ("M", "18_59")) if random.random() < 0.07 else None
    old = pool.take(("F", "60"), ("M", "60")) if couple is None and random.random() < 0.05 else None
    if couple or old:
        one, other = couple or old or []
        found.append([Part("HEAD", *one), Part("PARTNER", *other)])
        return
    left = {(s, b): n for b, of in (("18_59", pool.adults), ("60", pool.older)) for s, n in of.items() if n}
    sex, band = drawn(random, left)
    pool.take((sex, band))
    shape = [Part("HEAD", sex, band)]
    if band == "18_59" and random.random() < 0.05:
        sibling = pool.take((sex, "18_59"))
        shape += [Part("SIBLING", *s) for s in sibling or []]
    found.append(shape)


# --- a shape becomes people -----------------------------------------------------------------------------


def invent(country: str, shape: Shape, arrived: date, random: Random) -> Family:
    """A family of this shape that arrives in a country on a day."""
    share, situation = NATIONALS.get(country, (0.0, ""))
    if random.random() < share:
        origin, populations = country, (situation,)
    else:
        origin = drawn(random, calibration.claims(country, arrived.year))
        populations = ("ASYLUM_SEEKER",) if random.random() < 0.86 else ("IN_TRANSIT",)
    origin = origin if origin != "OTHER" else "CMR"
    language, naming = drawn(random, calibration.languages(origin))
    ages = _ages(shape, random)
    born = [_born(age, arrived, random) for age in ages]
    surnames = _surnames(shape, naming, random)
    nationality = _nationalities(origin, shape, ages, random)
    members = tuple(Member(p.sex, b, p.role) for p, b in zip(shape, born, strict=True))
    persons = []
    taken: set[str] = set()
    for i, part in enumerate(shape):
        person = _person(part, ages[i], born[i], arrived, naming, surnames[i], taken, random)
        person = replace(
            person, nationalities=(nationality[i],), languages=_spoken(language, ages[i], random), populations=populations,
            documents=_documents(nationality[i], ages[i], random), interpreter_needed=_needs_interpreter(country, language),
        )  # fmt: skip
        if ages[i] >= 15 and (i == 0 or (ages[i] >= 18 and random.random() < 0.4)):
            person = replace(person, contacts=_contacts(country, language, random))
        persons.append(person)
    evidence = _evidence(len(shape), random)
    persons = [replace(p, evidence=e) for p, e in zip(persons, evidence, strict=True)]
    return Family(country, origin, NewFamily(tuple(persons), _relations(shape, evidence)), members, language)


def _ages(shape: Shape, random: Random) -> list[int]:
    """Ages within their bands, each parent old enough for the children, partners of like age."""
    ages = [random.randint(*AGES[p.band]) for p in shape]
    for i, part in enumerate(shape):
        if part.band == "12_17" and part.role == "HEAD":
            ages[i] = random.randint(13, 17)
    eldest = max(
        (a for a, p in zip(ages, shape, strict=True) if p.role in ("CHILD", "NIECE_NEPHEW")), default=None
    )
    for i, part in enumerate(shape):
        if part.band != "18_59":
            continue
        if eldest is not None and part.role in ("HEAD", "SPOUSE", "PARTNER"):
            ages[i] = min(58, eldest + random.randint(18, 33))
        elif part.role == "HEAD":
            ages[i] = min(59, 18 + int(abs(random.gauss(0, 1)) * 13))
        elif part.role in ("PARTNER", "SIBLING"):
            ages[i] = min(59, max(18, ages[0] + random.randint(-5, 6)))
    for i, part in enumerate(shape):
        if part.role == "PARENT":  # of the head
            ages[i] = min(84, max(60, ages[0] + random.randint(18, 30)))
    return ages


def _born(age: int, on: date, random: Random) -> date:
    """A birth date of somebody who is `age` on a day, not so near a birthday that the age is another soon."""
    year = on.year - age
    try:
        birthday = on.replace(year=year)
    except ValueError:
        birthday = on.replace(year=year, day=28)
    return birthday - timedelta(days=random.randint(1, 360))


def _surnames(shape: Shape, naming: str, random: Random) -> list[tuple[str, str]]:
    """Two surnames, one of each parent; a single one where that is the custom."""
    own = calibration.surnames(naming)

    def two() -> tuple[str, str]:
        return own.draw(random), (own.draw(random) if naming == "spa" else "")

    head = two()
    partner = next((two() for p in shape if p.role in ("SPOUSE", "PARTNER")), None)
    father, mother = (head, partner) if shape[0].sex == "M" else (partner, head)
    absent = own.draw(random)
    first = father[0] if father else (absent if random.random() < 0.7 else head[0])
    second = (mother[0] if mother else absent) if naming == "spa" else ""
    if father is None and first == head[0]:
        second = head[1]
    by_role = {
        "HEAD": head, "SIBLING": head, "SPOUSE": partner or head, "PARTNER": partner or head,
        "CHILD": (first, second), "PARENT": (head[1] or head[0], own.draw(random) if naming == "spa" else ""),
        "GRANDCHILD": (absent, head[0] if naming == "spa" else ""),
        "NIECE_NEPHEW": (absent, head[0]) if naming == "spa" and shape[0].sex == "F" else (head[0], second and absent),
    }  # fmt: skip
    return [by_role[p.role] for p in shape]


def _nationalities(origin: str, shape: Shape, ages: Sequence[int], random: Random) -> list[str]:
    """The family's, but a small child of Haitian parents may have been born on the long way."""
    born_on_way = drawn(random, {"": 0.8, "CHL": 0.12, "BRA": 0.08}) if origin == "HTI" else ""
    return [
        born_on_way if born_on_way and p.role == "CHILD" and age <= 6 else origin
        for p, age in zip(shape, ages, strict=True)
    ]


def _spoken(language: str, age: int, random: Random) -> tuple[str, ...]:
    if age < 2:
        return (language,)
    second = language in SPANISH_SECOND or (language in ("hat", "por") and random.random() < 0.35)
    return (language, "spa") if second else (language,)


def _needs_interpreter(country: str, language: str) -> bool:
    understood = {"spa", "eng", "bzj"} if country == "BLZ" else {"spa"}
    return language not in understood


def _person(
    part: Part,
    age: int,
    born: date,
    on: date,
    naming: str,
    surnames: tuple[str, str],
    taken: set[str],
    random: Random,
) -> NewPerson:
    given = calibration.given_names(part.sex, naming)
    first = _another(given, taken, random)
    names = [first]
    if random.random() < (0.6 if naming == "spa" else 0.3):
        second = _another(given, taken, random)
        names += [second] if second != first else []
    short = calibration.nicknames().get(first, ())
    called = random.choice(short) if short and random.random() < 0.2 else first
    sex = "X" if random.random() < 0.003 else part.sex
    safe = {"NOT_ASKED": 1.0}
    if age >= 18:
        safe = (
            {"WOMEN": 0.45, "NO_PREFERENCE": 0.35, "NOT_ASKED": 0.17, "SEPARATE": 0.015, "DECLINED": 0.015}
            if part.sex == "F"
            else {
                "MEN": 0.25,
                "NO_PREFERENCE": 0.5,
                "NOT_ASKED": 0.22,
                "SEPARATE": 0.01,
                "LGBTIQ_SITE": 0.01,
                "DECLINED": 0.01,
            }
        )
    precision = _precision(age, random)
    status = "DOCUMENTED" if precision == "DAY" and random.random() < 0.6 else "STATED"
    return NewPerson(
        given_names=" ".join(names), surname_1=surnames[0], surname_2=surnames[1], called_name=called,
        birth=_birth(precision, born, age, on), age_status=status, sex_in_document=sex,
        feels_safe_in=drawn(random, safe), relation_to_head=None if part.role == "HEAD" else part.role,
    )  # fmt: skip


def _another(given: calibration.Names, taken: set[str], random: Random) -> str:
    """A given name that nobody of the family has yet, as far as a few draws find one."""
    for _turn in range(TRIES):
        name = given.draw(random)
        if name not in taken:
            break
    taken.add(name)
    return name


def _precision(age: int, random: Random) -> str:
    """How exactly the birth is known. Vague only where the doubt does not touch the age of eighteen."""
    if 13 <= age <= 23:
        return "DAY"
    weights = {"DAY": 0.72, "MONTH": 0.06, "YEAR": 0.09, "AGE_ESTIMATED": 0.11}
    if age >= 24:
        weights["UNKNOWN"] = 0.02
    return drawn(random, weights)


def _birth(precision: str, born: date, age: int, on: date) -> Birth:
    return birth_bounds(precision, on=on, day=born.day, month=born.month, year=born.year, age=age)


def _documents(nationality: str, age: int, random: Random) -> tuple[NewDocument, ...]:
    kinds = (
        {"BIRTH_CERTIFICATE": 0.5, "PASSPORT": 0.12, "NONE": 0.2, "": 0.18}
        if age < 18
        else {"NATIONAL_ID": 0.38, "PASSPORT": 0.3, "BIRTH_CERTIFICATE": 0.08, "NONE": 0.14, "": 0.1}
    )
    kind = drawn(random, kinds)
    if kind in ("", "NONE"):
        return (NewDocument("NONE"),) if kind else ()
    number = f"DEMO-{nationality}-{random.randrange(10**6):06d}"
    return (NewDocument(kind, number=number, issued_by=nationality, seen=random.random() < 0.8),)


def _contacts(country: str, language: str, random: Random) -> tuple[NewContact, ...]:
    if random.random() < 0.14:
        return (NewContact("ONLY_VIA", via="Oficina de la sede", language=language),)
    digits = f"0{random.randrange(10**7):07d}" if country != "MEX" else f"000{random.randrange(10**7):07d}"
    rule = drawn(random, {"SAFE_TO_CALL": 0.55, "SAFE_TO_TEXT": 0.3, "NO_MESSAGES": 0.15})
    whose = drawn(random, {"OWN": 0.75, "FAMILY": 0.18, "FRIEND": 0.07})
    return (NewContact(rule, number=f"+{DIALLING[country]} {digits}", whose=whose, language=language),)


def _evidence(size: int, random: Random) -> list[str]:
    shares = {"DOCUMENT": 0.6, "BOTH_AGREE_ALONE": 0.27, "VERIFIED_BY_AUTHORITY": 0.06, "CLAIMED": 0.07}
    one = drawn(random, shares)
    return ["CLAIMED", *(one if random.random() < 0.9 else drawn(random, shares) for _ in range(size - 1))]


def _relations(shape: Shape, evidence: Sequence[str]) -> tuple[NewRelation, ...]:
    """What the head's own relations do not say: the other parent, and the head's mother or father."""
    found = []
    for i, part in enumerate(shape):
        if part.role not in ("SPOUSE", "PARTNER", "PARENT"):
            continue
        what = "GRANDPARENT" if part.role == "PARENT" else "PARENT"
        found += [
            NewRelation(i, j, what, evidence[j]) for j, other in enumerate(shape) if other.role == "CHILD"
        ]
    return tuple(found)
