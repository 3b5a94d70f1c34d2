"""What a task is: its file, its cases, their inputs and seeds."""
