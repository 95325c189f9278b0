"""In which file of the kernel a function is that a table of operations points to: operation_sources.toml.

A kernel without debug information says of no function where it comes from. The catalogue of connection setup
has the files of its own; here are those of the other functions that sockets' tables point to.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from synscope.tcp import catalogue

_CLONE = re.compile(r"\.(?:isra|constprop|part|cold)\b.*")


@cache
def sources() -> Mapping[str, str]:
    """File by function."""
    text = files("synscope.tcp").joinpath("operation_sources.toml").read_text(encoding="utf-8")
    by_file: dict[str, list[str]] = tomllib.loads(text)
    return MappingProxyType({name: file for file, names in by_file.items() for name in names})


def source_of(function: str) -> str | None:
    """The function's file, compiler's suffixes (`.isra.0`) aside; None where it is not known."""
    known = catalogue.find(function)
    return known.source if known else sources().get(_CLONE.sub("", function))


STRUCTS = {"socket->ops": "proto_ops", "sk_prot": "proto", "icsk_af_ops": "inet_connection_sock_af_ops"}
"""The struct behind each pointer of a socket."""

OF_SETUP = {
    "socket->ops": ("bind", "connect", "accept", "listen", "getname", "shutdown", "release"),
    "sk_prot": ("init", "pre_connect", "connect", "accept", "get_port", "hash", "backlog_rcv", "close"),
    "icsk_af_ops": ("queue_xmit", "send_check", "conn_request", "syn_recv_sock", "rebuild_header"),
}
"""The members that a connection's coming and going is made of."""
