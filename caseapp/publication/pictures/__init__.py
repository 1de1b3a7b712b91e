"""Pictures of released figures: drawn when a release is approved, kept with it, never on request."""
