"""Registers and schools: what counts is whether the person is in."""

from caseapp.referral.kinds.kind import CARE, Kind

KINDS = (
    Kind(
        "SOCIAL_REGISTRY",
        office=True,
        outcomes=("REGISTERED", "REGISTERED_BEFORE", "ON_THEIR_LIST", "DOCUMENTS_PENDING"),
    ),
    Kind("IDP_REGISTRATION", office=True, outcomes=("REGISTERED", "REGISTERED_BEFORE", "DOCUMENTS_PENDING")),
    Kind(
        "EDUCATION",
        office=True,
        carries=CARE,
        outcomes=("ENROLLED", "STUDIES_RECOGNISED", "ON_THEIR_LIST", "DOCUMENTS_PENDING"),
    ),
)
