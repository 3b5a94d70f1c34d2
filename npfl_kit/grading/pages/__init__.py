"""Records as pages and files for people and other systems."""
