"""The best-interests assessment of a child who is alone or apart from the parents (decision 0390)."""
