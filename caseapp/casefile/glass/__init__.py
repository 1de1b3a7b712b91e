"""Break the glass: another team's file, by its number, for three hours, to read and nothing else."""
