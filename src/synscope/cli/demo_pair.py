"""What `synscope demo` traces: a server and a client of a few lines, in two processes, on loopback.

Run as `python -m synscope.cli.demo_pair`; each system call is one that the story will show.
"""

import os
import socket
import sys

GREETING = b"hello, kernel\n"


def main() -> None:
    """Listen, fork, and let the child connect to its parent."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        child = os.fork()
        if child == 0:
            client(listener.getsockname())
            os._exit(0)
        serve(listener)
        _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


def serve(listener: socket.socket) -> None:
    """Accept one connection and greet it."""
    connection, _ = listener.accept()
    with connection:
        connection.sendall(GREETING)


def client(address: tuple[str, int]) -> None:
    """Connect, read the greeting, print it."""
    with socket.create_connection(address) as connection, connection.makefile("rb") as lines:
        os.write(1, b"the server said: " + lines.readline())


if __name__ == "__main__":
    main()
