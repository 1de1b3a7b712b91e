"""The tables of Open Referral HSDS 3 that an exchange of ours uses, with the standard's own field names. What HSDS has no
field for stands in its table `attribute`, with `taxonomy_term` where it is a code of a list."""

from __future__ import annotations

from typing import Any

#: Fields that the standard requires and that we always fill.
REQUIRED = {
    "organization": ("id", "name", "description"),
    "organization_identifier": ("id", "identifier_type", "identifier"),
    "service": ("id", "name", "status"),
    "location": ("id", "location_type"),
    "service_at_location": ("id",),
    "address": ("id", "address_1", "city", "state_province", "country", "address_type"),
    "phone": ("id", "number"),
    "attribute": ("id", "link_type"),
    "taxonomy": ("id", "name", "description"),
    "taxonomy_term": ("id", "name", "description"),
}
FIELDS = {
    "organization": ("id", "name", "alternate_name", "description", "website"),
    "organization_identifier": ("id", "organization_id", "identifier_scheme", "identifier_type", "identifier"),
    "service": (
        "id", "organization_id", "name", "description", "status", "application_process", "fees_description",
        "eligibility_description", "minimum_age", "maximum_age", "assured_date",
    ),
    "location": (
        "id", "location_type", "organization_id", "name", "latitude", "longitude", "external_identifier",
        "external_identifier_type",
    ),
    "service_at_location": ("id", "service_id", "location_id"),
    "address": ("id", "location_id", "address_1", "city", "state_province", "postal_code", "country", "address_type"),
    "contact": ("id", "service_id", "name", "title", "email"),
    "phone": ("id", "location_id", "contact_id", "number", "type"),
    "schedule": (
        "id", "service_id", "valid_from", "valid_to", "freq", "byday", "opens_at", "closes_at", "description",
    ),
    "service_area": ("id", "service_id", "name", "extent", "extent_type"),
    "required_document": ("id", "service_id", "document"),
    "language": ("id", "service_id", "name", "code"),
    "cost_option": ("id", "service_id", "option", "amount_description"),
    "unit": ("id", "name", "scheme", "identifier"),
    "service_capacity": ("id", "service_id", "unit_id", "available", "maximum", "updated"),
    "taxonomy": ("id", "name", "description"),
    "taxonomy_term": ("id", "code", "name", "description", "taxonomy_id"),
    "attribute": ("id", "link_id", "taxonomy_term_id", "link_type", "link_entity", "value"),
}  # fmt: skip
NUMBERS = {"minimum_age", "maximum_age", "latitude", "longitude", "available"}
ENUMS = {
    ("service", "status"): ["active", "inactive", "defunct", "temporarily closed"],
    ("location", "location_type"): ["physical", "postal", "virtual"],
    ("address", "address_type"): ["physical", "postal", "virtual"],
    ("schedule", "freq"): ["WEEKLY", "MONTHLY"],
}
#: Which table a field's ids are of.
POINTS_TO = {
    "organization_id": "organization", "service_id": "service", "location_id": "location", "contact_id": "contact",
    "unit_id": "unit", "taxonomy_id": "taxonomy", "taxonomy_term_id": "taxonomy_term",
}  # fmt: skip
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

Rows = dict[str, list[dict[str, str]]]


def schema_of(table: str, present: frozenset[str]) -> dict[str, Any]:
    """The Table Schema of a table, with its keys into the tables that are `present`."""
    fields = [_field(table, name) for name in FIELDS[table]]
    keys = [
        {"fields": [name], "reference": {"resource": POINTS_TO[name], "fields": ["id"]}}
        for name in FIELDS[table]
        if POINTS_TO.get(name) in present
    ]
    found: dict[str, Any] = {"fields": fields, "primaryKey": ["id"]}
    return found | ({"foreignKeys": keys} if keys else {})


def _field(table: str, name: str) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if name in REQUIRED.get(table, ("id",)):
        limits["required"] = True
    if name == "id":
        limits["unique"] = True
    if (table, name) in ENUMS:
        limits["enum"] = ENUMS[table, name]
    kind = "number" if name in NUMBERS else "string"
    return {"name": name, "type": kind, **({"constraints": limits} if limits else {})}


def descriptor(tables: frozenset[str]) -> dict[str, Any]:
    """`datapackage.json` for a package that holds these tables."""
    return {
        "profile": "tabular-data-package",
        "name": "human-services-data",
        "title": "Service directory (Open Referral HSDS 3)",
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": table,
                "path": f"{table}.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": schema_of(table, tables),
            }
            for table in FIELDS
            if table in tables
        ],
    }
