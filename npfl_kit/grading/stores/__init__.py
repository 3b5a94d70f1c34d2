"""A course on disk: what came, what was found, what waits."""
