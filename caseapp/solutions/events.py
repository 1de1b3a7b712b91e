"""The event kinds of solutions."""

from __future__ import annotations

from caseapp.core.journal import kind

PLANNED = kind("solution.planned")
STEPPED = kind("solution.step")
HELD = kind("solution.held")
FAILED = kind("solution.failed")
DEPARTED = kind("departure.confirmed")
PTA_DEPARTED = kind("pta.departed")
PTA_IDENTIFIED = kind("pta.identified")
PTA_TRANSFERRED = kind("pta.transferred")
TRACING_OPENED = kind("tracing.opened")
TRACING_REUNIFIED = kind("tracing.reunified")
TRACING_CLOSED = kind("tracing.closed")
RETURN_STEP = kind("return.step")
PERMIT_FILED = kind("work_permit.filed")
PERMIT_ISSUED = kind("work_permit.issued")
PERMIT_REFUSED = kind("work_permit.refused")
FOLLOWED_UP = kind("followup.recorded")
ENROLLED = kind("training.enrolled")
COMPLETED = kind("training.completed")
DROPPED = kind("training.dropped")
JOB_OFFERED = kind("employment.referred")
JOB_STARTED = kind("employment.started")
JOB_HELD = kind("employment.held")
JOB_ENDED = kind("employment.ended")
