"""Why a connection failed, or was slow: findings, one rule a file in `rules/`.

`diagnose.diagnosed` gives connections their findings. A rule is a pure function of a `case.Case`: one
connection, and what the trace knows around it (`around.Around`).
"""
