"""The night at a shelter: who is there, who is missing, the roll, the paper."""
