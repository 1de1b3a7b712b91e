"""Legal aid: whoever takes a case says whether somebody represents the person, and whether they could at all."""

from caseapp.referral.kinds.kind import Kind

KINDS = (
    Kind("LEGAL", outcomes=("ADVISED", "LAWYER_ASSIGNED", "POWER_SIGNED", "CONFLICT_FOUND")),
    Kind("DOCUMENTATION", outcomes=("ADVISED", "DOCUMENT_OBTAINED", "DOCUMENTS_PENDING")),
)
