"""Automatic grading: check at home, submit, grade, rank.

The parent process alone judges and writes. A student's code runs in a child, which gives claims of values; a student's
predictions and weights are data, read strictly.

    wire      values between a student's process and the grader
    tasks     what a task is: its file, its cases, their inputs and seeds
    sandbox   a student's code in a child of little trust
    uploads   what is handed in: hostile bytes, read strictly
    judging   whether an answer is right
    grader    from an upload to its record
    proofs    whether a task tells right from wrong
    stores    a course on disk: what came, what was found, what waits
    marks     what records are worth, and who is best
    pages     records for people and other systems
    course    what is packed, handed in, graded, and who has what
"""
