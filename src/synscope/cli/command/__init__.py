"""Running the traced command: a cgroup of its own, its signals, and the wait for it."""
