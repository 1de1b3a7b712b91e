"""What a person may ask of the data kept about them: to see it, to correct it, to have it erased."""
