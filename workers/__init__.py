"""Celery: the application object, the schedule, the outbox relay, and thin tasks by area."""
