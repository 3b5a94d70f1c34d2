"""Automatic grading: check at home, submit, grade, rank.

The parent process alone judges and writes. A student's code runs in a child, which gives claims of values; a student's
predictions and weights are data, read strictly.
"""
