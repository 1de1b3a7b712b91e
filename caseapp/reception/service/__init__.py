"""Reception's verbs: each changes rows, writes its events and flushes; none commits."""

from caseapp.reception.service.register import NewArrival, register_family

__all__ = ["NewArrival", "register_family"]
