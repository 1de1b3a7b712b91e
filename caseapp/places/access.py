"""Who may do what with the directory. Everybody who refers reads it; a service is kept by its own team, and by the
administrators and data stewards of its site, in a national team of its country."""

from __future__ import annotations

from caseapp.core.access import permission

READ = permission(
    "places.read",
    "CASEWORKER", "SUPERVISOR", "SHELTER_COORDINATOR", "SERVICE_FOCAL_POINT", "CHILD_OFFICER", "ADMINISTRATOR",
    "DATA_STEWARD",
)  # fmt: skip
#: Change and confirm an entry: of one's own team, or of what one keeps.
EDIT = permission(
    "places.edit", "SERVICE_FOCAL_POINT", "SHELTER_COORDINATOR", "SUPERVISOR", "ADMINISTRATOR", "DATA_STEWARD"
)
#: The list of entries that are out of date.
KEEP = permission("places.keep", "ADMINISTRATOR", "DATA_STEWARD")
#: Read and write where one's own safe house is, and give another team the right to it.
SAFE_HOUSE = permission(
    "places.safe_house", "SHELTER_COORDINATOR", "SUPERVISOR", "CASEWORKER", "SERVICE_FOCAL_POINT"
)

#: The roles in a team that may change what the team offers, and those that keep a site's or a country's directory.
OF_TEAM = ("SERVICE_FOCAL_POINT", "SHELTER_COORDINATOR", "SUPERVISOR")
KEEPERS = ("ADMINISTRATOR", "DATA_STEWARD")
