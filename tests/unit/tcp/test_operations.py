import tomllib
from collections import Counter
from importlib.resources import files

from synscope.tcp import catalogue
from synscope.tcp.operations import source_of, sources


def test_each_function_is_in_one_file_and_not_in_the_catalogue_too():
    text = files("synscope.tcp").joinpath("operation_sources.toml").read_text(encoding="utf-8")
    named = Counter(name for names in tomllib.loads(text).values() for name in names)
    assert {name for name, count in named.items() if count > 1} == set()
    assert {name for name in named if catalogue.find(name)} == set()


def test_files_are_of_the_kernels_tree():
    assert all(
        file.startswith(("net/", "include/")) and file.endswith((".c", ".h")) for file in sources().values()
    )


def test_from_the_catalogue_from_the_table_and_unknown():
    assert source_of("inet_bind") == "net/ipv4/af_inet.c"
    assert source_of("tcp_poll.isra.0") == "net/ipv4/tcp.c"
    assert source_of("sctp_close") is None
