"""synscope shows how a TCP connection comes into being inside a Linux kernel."""

__version__ = "0.1.0"
