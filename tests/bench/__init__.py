"""What the main pages cost on 60,000 cases: `make bench`. Prints ratios and asserts nothing."""
