"""The lab: another kernel in a virtual machine, traced by synscope inside it and by QEMU's log outside."""
