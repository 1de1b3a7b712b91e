"""Flask and PostgreSQL plumbing. This package has never heard of asylum."""
