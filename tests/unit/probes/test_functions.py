"""The choice of functions and what becomes of their rows, without a kernel."""

import numpy as np
import pytest

from synscope.errors import SynscopeError
from synscope.kernel.prototypes import Function, Parameter
from synscope.probes import functions
from synscope.probes.config import FRAMES, FUNCTIONS
from synscope.probes.flavours import Flavour
from synscope.probes.functions import FunctionCalls, arguments, kind, open_calls
from synscope.probes.libbpf import Link


class Kernel:
    """A kernel with some functions, of which some cannot be hooked."""

    functions = dict.fromkeys(["tcp_connect", "tcp_v4_rcv", "ip_rcv", "notrace", "ip_output"], 1)


class Loading:
    """What the loader hands out: an object with the maps that are used."""

    def __init__(self):
        self.hooks = []
        self.maps = {"calls": Descriptor(), "telling": Descriptor(), ".rodata.args": Descriptor()}

    def load_chosen(self, _stem, choose):
        choose(self)
        return self


class Descriptor:
    fd = -1

    def __init__(self):
        self.values = []

    def initialise(self, value):
        self.values.append(value)

    def update(self, _key, value):
        self.values.append(int.from_bytes(value, "little"))


class Attaching(Flavour, frozen=True):
    """Attaches to all but `notrace`."""

    def choose(self, obj, btf):
        pass

    def attach(self, obj, btf, cookies):
        if "notrace" in cookies:
            raise SynscopeError("cannot attach", "no such place")
        obj.attached.append(cookies)
        return [Link(lambda: obj.attached.remove(cookies))]


def calls_of(monkeypatch, flavour: Flavour, names=tuple(Kernel.functions)):
    monkeypatch.setattr(functions.flavours, "available", lambda _btf: flavour)
    monkeypatch.setattr(functions, "prototypes", lambda _btf, names: [Function(name) for name in names])
    monkeypatch.setattr(functions, "Ring", lambda *_arguments: None)
    loader = Loading()
    loader.attached = []
    calls = FunctionCalls(Kernel(), names)
    calls.load(loader, 4096)
    return calls, loader


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("struct sock *", 1),
        ("const struct sock *", 1),
        ("struct request_sock *", 1),
        ("struct socket *", 2),
        ("struct sk_buff *", 3),
        ("struct socket **", 0),
        ("struct sock", 0),
        ("struct dst_entry *", 0),
        ("int (*)(struct sock *)", 0),
        ("int", 0),
    ],
)
def test_what_an_argument_is(spelling, expected):
    assert kind(spelling) == expected


def test_arguments_by_function_and_place():
    receive = Function(
        "tcp_v4_do_rcv", [Parameter("sk", "struct sock *"), Parameter("skb", "struct sk_buff *")]
    )
    rows = arguments([Function("unknown"), receive])
    assert len(rows) == FUNCTIONS
    assert rows["kind"][1].tolist() == [1, 3, 0, 0, 0, 0]
    assert not rows["kind"][0].any()


def test_functions_that_the_kernel_does_not_have_are_left_out(monkeypatch):
    calls, _ = calls_of(monkeypatch, Attaching("multi", attach_type="M"), ["__arm64_sys_bind", "ip_rcv"])
    assert calls.functions == [Function("ip_rcv")]


@pytest.mark.parametrize("flavour", [Attaching("multi", attach_type="M"), Attaching("single")])
def test_one_that_cannot_be_hooked_is_told_and_costs_no_other(monkeypatch, flavour):
    calls, loader = calls_of(monkeypatch, flavour)
    calls.attach(loader)
    attached = {name: cookie for cookies in loader.attached for name, cookie in cookies.items()}
    assert attached == {name: at for at, name in enumerate(Kernel.functions) if name != "notrace"}
    assert [(hook.name, hook.attached, hook.why) for hook in loader.hooks] == [
        (flavour.name, True, ""),
        (f"{flavour.name}/notrace", False, "no such place"),
    ]
    calls.detach()
    assert loader.attached == []


def test_none_that_can_be_hooked_is_an_error(monkeypatch):
    calls, loader = calls_of(monkeypatch, Attaching("multi", attach_type="M"), ["notrace"])
    with pytest.raises(SynscopeError, match="cannot trace function calls") as raised:
        calls.attach(loader)
    assert raised.value.remedy == "synscope lab --detail functions -- CMD"


def test_many_are_detached_together(monkeypatch):
    calls, _ = calls_of(monkeypatch, Attaching("single"))
    gone = []
    calls._links = [Link(lambda at=at: gone.append(at)) for at in range(100)]
    calls.detach()
    calls.detach()
    assert sorted(gone) == list(range(100))


def test_calls_are_told_from_begin_to_end(monkeypatch):
    calls, loader = calls_of(monkeypatch, Attaching("single"))
    calls.begin()
    calls.end()
    assert loader.maps["telling"].values == [1, 0]


def test_of_no_functions_it_does_nothing():
    calls = FunctionCalls(Kernel(), ())
    calls.load(None, 4096)
    calls.attach(None)
    calls.begin()
    calls.end()
    calls.detach()
    lost = {}
    calls.count_losses(lost)
    assert (len(calls.drain()), len(calls.open()), calls.functions, lost) == (0, 0, [], {})


class Tasks(dict):
    """The map of open calls, by thread."""

    def lookup(self, key, _size):
        return self[key].tobytes()


def frames(*calls):
    """`(function, ours)` of each open call, the outermost first; behind them is what was there before."""
    rows = np.zeros(1, FRAMES)
    rows["at"]["call"]["function"] = 99
    rows["depth"] = len(calls)
    for at, (function, ours) in enumerate(calls):
        rows["at"]["call"]["function"][0, at] = function
        rows["at"]["ours"][0, at] = ours
    return rows


def test_open_calls_are_those_that_are_ours_and_their_callers():
    tasks = Tasks({7: frames((1, 0), (2, 1), (3, 0)), 8: frames((4, 0)), 9: frames((5, 1))})
    assert open_calls(tasks)["function"].tolist() == [1, 2, 5]
    assert len(open_calls(Tasks())) == 0
