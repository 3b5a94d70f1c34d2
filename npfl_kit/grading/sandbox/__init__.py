"""A student's code in a child of little trust."""
