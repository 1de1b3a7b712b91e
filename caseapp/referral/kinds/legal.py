"""Legal aid: nobody is read before the check for conflicts; whoever takes a case says who represents the person, and until
when a power of attorney holds. That a provider cannot for a conflict is told to nobody in those words.
"""

from caseapp.referral.kinds.kind import Kind

KINDS = (
    Kind("LEGAL", office=True, blind=True, outcomes=("ADVISED", "LAWYER_ASSIGNED", "POWER_SIGNED")),
    Kind("DOCUMENTATION", office=True, outcomes=("ADVISED", "DOCUMENT_OBTAINED", "DOCUMENTS_PENDING")),
)
