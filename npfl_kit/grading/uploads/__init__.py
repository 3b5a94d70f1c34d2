"""What is handed in: hostile bytes, read strictly."""
