"""The kernel's objects as they lie in the memory of a guest that stands still."""
