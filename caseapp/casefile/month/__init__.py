"""A site's month: what its teams recorded, what changed since they signed, and their signature."""
