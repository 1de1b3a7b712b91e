"""A directory as the rows of HSDS tables."""

from __future__ import annotations

from collections.abc import Iterable

from caseapp.core import reference
from caseapp.places.exchange.tables import FIELDS, WEEKDAYS, Rows
from caseapp.places.rules.entry import Directory, Group, Offer, Spot, made_id

#: Attributes that are codes: the word of the attribute and the list that its code is of.
LISTS = {
    "service_kind": "service_kind", "SEX": "sex_in_document", "POPULATION": "population", "HOUSEHOLD": "household_type",
    "ACCESSIBILITY": "service_accessibility", "provider_class": "provider_class", "DOCUMENT": "service_document",
    "cost": "service_cost", "referral_method": "referral_method",
}  # fmt: skip


class Writer:
    """Rows gathered table by table; ids of side rows are made from what they say."""

    def __init__(self) -> None:
        self.rows: Rows = {table: [] for table in FIELDS}
        self._terms: set[str] = set()

    def add(self, table: str, owner: str, key: str = "", **values: object) -> str:
        """Add a row (with an id of its own unless given); empty for None."""
        made = {"id": values.pop("id", None) or made_id(table, owner, key)}
        self.rows[table].append(
            {
                k: "" if v is None else str(v)
                for k, v in {**dict.fromkeys(FIELDS[table], ""), **made, **values}.items()
            }
        )
        return str(made["id"])

    def attribute(self, entity: str, of: str, word: str, value: object) -> None:
        """What HSDS has no field for; nothing for None."""
        if value is None or value == "":
            return
        term = self._term(LISTS[word], str(value)) if word in LISTS else None
        self.add(
            "attribute", of, f"{word}:{value}", link_id=of, taxonomy_term_id=term, link_type=word, link_entity=entity,
            value=value,
        )  # fmt: skip

    def _term(self, list_name: str, code: str) -> str:
        taxonomy, term = made_id("taxonomy", list_name), made_id("term", list_name, code)
        if taxonomy not in self._terms:
            self._terms.add(taxonomy)
            self.add(
                "taxonomy", list_name, id=taxonomy, name=list_name, description=f"List {list_name} of Acogida"
            )
        if term not in self._terms:
            self._terms.add(term)
            words = reference.label(list_name, code, "en")
            self.add(
                "taxonomy_term", code, id=term, code=code, name=words, description=words, taxonomy_id=taxonomy
            )
        return term


def written(directory: Directory) -> Rows:
    """Every table that has a row, in the standard's order of fields."""
    out = Writer()
    for group in directory.groups:
        _group(out, group)
    for spot in directory.spots:
        _spot(out, spot)
    groups = {spot.id: spot.group for spot in directory.spots}
    for offer in directory.offers:
        _offer(out, offer, groups.get(offer.spot))
    for table in ("taxonomy", "taxonomy_term", "unit"):
        out.rows[table].sort(key=lambda row: row["id"])
    return {table: rows for table, rows in out.rows.items() if rows}


def _group(out: Writer, group: Group) -> None:
    out.add(
        "organization", group.id, id=group.id, name=group.name, alternate_name=next(iter(group.names), None),
        description=group.description or group.name, website=group.website,
    )  # fmt: skip
    out.add(
        "organization_identifier", group.id, organization_id=group.id, identifier_scheme=group.country,
        identifier_type="code in the country", identifier=group.code,
    )  # fmt: skip
    out.attribute("organization", group.id, "provider_class", group.provider_class)
    for name in group.names:
        out.attribute("organization", group.id, "alternate_name", name)


def _spot(out: Writer, spot: Spot) -> None:
    out.add(
        "location", spot.id, id=spot.id, location_type="physical", organization_id=spot.group, name=spot.name,
        latitude=spot.latitude, longitude=spot.longitude, external_identifier=spot.code,
        external_identifier_type="acogida:site",
    )  # fmt: skip
    for word in ("country", "kind", "timezone", "admin1", "admin2", "directions"):
        out.attribute("location", spot.id, word, getattr(spot, word))
    if spot.address:
        named = {d.pcode: d.name for d in reference.admin1(spot.country)}
        iso2 = next(c.iso2 for c in reference.countries() if c.iso3 == spot.country)
        state = named.get(spot.admin1 or "", reference.country_label(spot.country, "en"))
        out.add(
            "address", spot.id, location_id=spot.id, address_1=spot.address, city=state, state_province=state, country=iso2,
            address_type="physical",
        )  # fmt: skip
    if spot.phone:
        out.add("phone", spot.id, location_id=spot.id, number=spot.phone, type="voice")


def _offer(out: Writer, offer: Offer, group: str | None) -> None:
    of = offer.id
    out.add(
        "service", of, id=of, organization_id=group, name=offer.name, description=offer.description, status="active",
        application_process=reference.label("referral_method", offer.referral_method, "en"),
        fees_description=offer.cost_note, eligibility_description=offer.eligibility_note, minimum_age=offer.age_from,
        maximum_age=offer.age_to, assured_date=offer.confirmed_at,
    )  # fmt: skip
    out.add("service_at_location", of, service_id=of, location_id=offer.spot)
    out.attribute("service", of, "service_kind", offer.kind)
    for word in ("referral_method", "answer_hours", "source", "source_key"):
        out.attribute("service", of, word, getattr(offer, word))
    for language in offer.languages:
        name = reference.language_label(language, "en")
        out.add("language", of, language, service_id=of, name=name, code=language)
    if offer.cost:
        words = reference.label("service_cost", offer.cost, "en")
        made = out.add("cost_option", of, service_id=of, option=words, amount_description=offer.cost_note)
        out.attribute("cost_option", made, "cost", offer.cost)
    _terms(out, offer)
    _schedules(out, offer)
    _people(out, offer)


def _terms(out: Writer, offer: Offer) -> None:
    of = offer.id
    for kind, code in offer.terms:
        if kind == "AREA":
            out.add("service_area", of, code, service_id=of, name=code, extent=code, extent_type="text")
        elif kind == "DOCUMENT":
            words = reference.label("service_document", code, "en")
            made = out.add("required_document", of, code, service_id=of, document=words)
            out.attribute("required_document", made, "DOCUMENT", code)
        else:
            out.attribute("service", of, kind, code)


def _schedules(out: Writer, offer: Offer) -> None:
    of = offer.id
    if offer.always_open:
        out.add(
            "schedule", of, "always", service_id=of, freq="WEEKLY", byday=",".join(WEEKDAYS), opens_at="00:00",
            closes_at="23:59", description="always",
        )  # fmt: skip
    for weekday, opens, closes in offer.hours:
        out.add(
            "schedule", of, f"{weekday}:{opens}", service_id=of, freq="WEEKLY", byday=WEEKDAYS[weekday - 1], opens_at=opens,
            closes_at=closes, description="hours",
        )  # fmt: skip
    if offer.offered_from or offer.offered_to:
        out.add(
            "schedule", of, "offered", service_id=of, valid_from=offer.offered_from, valid_to=offer.offered_to,
            description="offered",
        )  # fmt: skip
    for first, last, reason in offer.closures:
        out.add(
            "schedule",
            of,
            first,
            service_id=of,
            valid_from=first,
            valid_to=last,
            description=f"closed: {reason}",
        )


def _people(out: Writer, offer: Offer) -> None:
    of = offer.id
    for kind, name, phone, email in offer.contacts:
        made = out.add("contact", of, kind, service_id=of, name=name, title=kind, email=email)
        if phone:
            out.add("phone", of, kind, contact_id=made, number=phone, type="voice")
    for unit, available, maximum, updated in offer.capacities:
        unit_id = made_id("unit", unit)
        if unit_id not in {row["id"] for row in out.rows["unit"]}:
            words = reference.label("service_unit", unit, "en")
            out.add("unit", unit, id=unit_id, name=words, scheme="acogida:service_unit", identifier=unit)
        out.add(
            "service_capacity", of, unit, service_id=of, unit_id=unit_id, available=available, maximum=maximum,
            updated=updated,
        )  # fmt: skip


def tables_of(rows: Rows) -> Iterable[str]:
    """The tables in the standard's order."""
    return (table for table in FIELDS if rows.get(table))
