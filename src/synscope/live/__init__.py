"""What is asked of the running kernel itself, beside its events."""
