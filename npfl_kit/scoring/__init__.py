"""Judges of predictions in NumPy alone, so that a grader starts in a fraction of a second."""
