"""Decisions about arrivals and about rows of an import: pure functions."""

from caseapp.reception.rules.arrival import LONGEST_AGO, ArrivalImpossible, may_arrive

__all__ = ["LONGEST_AGO", "ArrivalImpossible", "may_arrive"]
