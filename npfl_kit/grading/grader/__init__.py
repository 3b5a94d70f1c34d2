"""From an upload to its record."""
