"""What tests of the running kernel share: namespaces, cgroups, captures, and processes that report."""
