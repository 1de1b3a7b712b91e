"""Legal aid: whether a provider may take people's side at all, asked blind, and who represents them, by name."""
