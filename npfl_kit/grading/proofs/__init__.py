"""Whether a task tells right from wrong."""
