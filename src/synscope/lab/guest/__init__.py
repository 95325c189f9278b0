"""What runs inside the lab's virtual machine, as its first and only service."""
