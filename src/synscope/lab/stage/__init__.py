"""The stage of a scenario: network namespaces, links, servers and clients that vanish with their processes.

A scenario (`lab.scenarios`) gets a `stage.Stage` and says with it what is built, what happens, and what
others than synscope saw of it.
"""
