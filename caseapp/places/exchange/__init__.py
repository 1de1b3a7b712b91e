"""The directory as files: HSDS data packages out and in, plain tables in by a map."""
