"""Values between a student's process and the grader."""
