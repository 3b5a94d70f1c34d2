"""What records are worth, and who is best."""
