"""What the service does without being able to read."""
