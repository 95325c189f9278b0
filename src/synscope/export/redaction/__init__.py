"""A trace without the names and addresses of whoever took it: all that is computed from it lacks them too."""
