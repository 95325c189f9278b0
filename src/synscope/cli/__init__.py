"""The command line. Importing this package costs nothing: what a command needs is imported inside it."""


def main() -> None:
    """Run `synscope` with `sys.argv`: the console script's entry point. Does not return."""
    from synscope.cli.app import synscope  # noqa: PLC0415

    synscope(prog_name="synscope")
