"""A night's placement at once: proposed by a program, reviewed by a person, held and referred line by line."""
