"""Looks inside the running kernel's sockets: which there are, what is in them, what their operations are."""
