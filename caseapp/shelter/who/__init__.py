"""Who can take these people: sites ranked by rules that are said in plain words."""
