"""Work and livelihoods."""

from caseapp.referral.kinds.kind import Kind

KINDS = (
    Kind(
        "LIVELIHOODS",
        office=True,
        outcomes=("ADVISED", "PLACED_IN_WORK", "IN_TRAINING", "ON_THEIR_LIST", "DOCUMENTS_PENDING"),
    ),
)
