"""Registers of what no case drives: trainings of officials, joint projects and programmes, unit costs."""
