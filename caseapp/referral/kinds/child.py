"""The child-protection authority, and the search for family: what was decided for the child comes back to the file."""

from caseapp.referral.kinds.kind import CHARGE, Kind

KINDS = (
    Kind(
        "CHILD_PROTECTION",
        timely=True,
        carries=CHARGE,
        outcomes=("MEASURE_TAKEN", "GUARDIAN_NAMED", "CHILD_CARE_FOUND"),
    ),
    Kind("FAMILY_TRACING", outcomes=("FAMILY_FOUND", "FAMILY_NOT_FOUND")),
)
