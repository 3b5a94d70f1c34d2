"""Judges of predictions, in NumPy alone: a grader starts without TensorFlow."""
