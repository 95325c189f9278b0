from synscope.tcp.inetsw import REGISTRATIONS, Protosw, of_module, registered, table


def entry(name, protocol, *flags):
    return Protosw(
        name=name, family=2, type=2, protocol=protocol, prot="", ops="", flags=flags, init="", source=""
    )


def names(entries):
    return [entry.name for entry in entries]


def test_a_new_entry_comes_behind_the_last_permanent_one():
    entries = ()
    for new in (
        entry("UDP", 17, "PERMANENT"),
        entry("PING", 1),
        entry("LITE", 136, "PERMANENT"),
        entry("L2TP", 115),
    ):
        entries = registered(entries, new)
    assert names(entries) == ["UDP", "LITE", "L2TP", "PING"]


def test_a_permanent_entry_cannot_be_overridden():
    entries = registered((), entry("UDP", 17, "PERMANENT"))
    assert registered(entries, entry("MINE", 17)) == entries


def test_another_entry_can():
    entries = registered(registered((), entry("PING", 1)), entry("MINE", 1))
    assert names(entries) == ["MINE", "PING"]


def test_the_lists_of_a_usual_kernel():
    found = table(["NETLINK", "TCP", "UDP", "RAW", "PING", "MPTCP", "UDP-Lite", "UNIX", "TCPv6", "SCTP"])
    assert {key: names(entries) for key, entries in found.items()} == {
        (2, 1): ["TCP", "SCTP", "MPTCP"],
        (2, 2): ["UDP", "UDP-Lite", "PING"],
        (2, 3): ["RAW"],
        (2, 5): ["SCTP"],
        (10, 1): ["TCPv6"],
    }


def test_what_a_module_registers():
    assert of_module("sctp") == ("SCTP", "SCTPv6")
    assert of_module("ext4") == ()


def test_each_type_has_one_permanent_protocol_of_a_number_at_most():
    permanent = [(e.family, e.type, e.protocol) for e in REGISTRATIONS if "PERMANENT" in e.flags]
    assert len(permanent) == len(set(permanent))
