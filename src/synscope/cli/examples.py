"""An example or two of each command, for its manual page."""

EXAMPLES = {
    "": ("synscope demo", "synscope run -- curl -s http://127.0.0.1/", "synscope watch --port 443"),
    "run": (
        "synscope run -- curl -s http://127.0.0.1/",
        "synscope run -o trace.syn --view ladder -- ./service",
        "synscope run --fail-on error -- ./integration-test",
    ),
    "watch": ("synscope watch --port 443", "synscope watch --plain --for 60 -o trace.syn"),
    "show": ("synscope show trace.syn --view table", "synscope show --connection c3 --view ladder trace.syn"),
    "export": (
        "synscope export trace.syn -o report.html",
        "synscope export trace.syn --redact -o shared.syn",
        "synscope export trace.syn --format jsonl -o - | head -1",
    ),
    "query": ('synscope query a.syn b.syn "SELECT outcome, count(*) FROM connections GROUP BY ALL"',),
    "explain": ("synscope explain", "synscope explain accept-queue-overflow"),
    "diff": ("synscope diff before.syn after.syn", "synscope diff --json before.syn after.syn"),
    "check": ("synscope check trace.syn",),
    "states": ("synscope states", "synscope states trace.syn#c2 -o states.svg"),
    "socket": ("synscope socket AF_INET SOCK_STREAM 0",),
    "inspect": ("synscope inspect --port 443",),
    "isn": ("synscope isn example.org:443", "synscope isn --from trace.syn"),
    "doctor": ("synscope doctor",),
    "lab": ("synscope lab kernels", "synscope lab run --kernel 6.12 -- nc -z 127.0.0.1 1"),
    "lab run": (
        "synscope lab run --kernel 6.1 -o 6.1.syn",
        "synscope lab run --view calls -- nc -z 127.0.0.1 1",
    ),
    "lab inspect": ("synscope lab inspect --kernel 6.12",),
    "lab kernels": ("synscope lab kernels",),
    "lab fetch": ("synscope lab fetch 6.1 6.12",),
    "scenario": ("synscope scenario list", "synscope scenario run refused-no-listener"),
    "scenario list": ("synscope scenario list",),
    "scenario show": ("synscope scenario show refused-no-listener",),
    "scenario run": (
        "synscope scenario run refused-no-listener",
        "synscope scenario run --kernel 6.12 syn-lost",
    ),
    "demo": ("synscope demo",),
    "schema": ("synscope schema > connection.schema.json",),
    "completion": ('eval "$(synscope completion bash)"',),
    "manual": ("synscope manual run | man -l -", "synscope manual -o ~/.local/share/man/man1"),
}
"""By the words of the command; "" is synscope itself."""
