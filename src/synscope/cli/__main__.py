"""`python -m synscope.cli`: the same as the `synscope` script, where it is not installed."""

from synscope.cli import main

if __name__ == "__main__":
    main()
