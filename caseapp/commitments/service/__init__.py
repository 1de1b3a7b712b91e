"""Verbs of commitments: keep the register, score and review, bring a matrix in, keep cooperation's registers. The
journal is of cases; what happened here is told by the rows themselves (scores are never changed) and by the audit."""
