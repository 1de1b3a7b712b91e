"""Verbs of assistance: deliver and withdraw, count by number."""

from caseapp.assistance.service.counting import count, withdraw_count
from caseapp.assistance.service.delivering import deliver, withdraw

__all__ = ["count", "deliver", "withdraw", "withdraw_count"]
