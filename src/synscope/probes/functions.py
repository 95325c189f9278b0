"""`bpf/functions.bpf.c`: entry and return of the catalogue's functions (functions detail)."""

from collections.abc import Collection

import numpy as np

from synscope.errors import Exit, SynscopeError
from synscope.events.trace import Hook, Rows
from synscope.events.wire import FUNCTION_CALL
from synscope.kernel.btf import Btf
from synscope.kernel.prototypes import Function, prototypes
from synscope.probes import flavours
from synscope.probes.config import ARGUMENTS, FRAMES, FUNCTIONS
from synscope.probes.libbpf import Link, Map, Object
from synscope.probes.loader import Loader
from synscope.probes.ring import Ring

_SOCK, _SOCKET, _SKB = 1, 2, 3
_KINDS = {
    # What begins with a struct sock_common (include/net/sock.h, request_sock.h, inet_sock.h, linux/tcp.h)
    **dict.fromkeys(("sock_common", "sock", "inet_sock", "inet_connection_sock", "tcp_sock"), _SOCK),
    **dict.fromkeys(("request_sock", "inet_request_sock", "tcp_request_sock"), _SOCK),
    **dict.fromkeys(("inet_timewait_sock", "tcp_timewait_sock"), _SOCK),
    "socket": _SOCKET,
    "sk_buff": _SKB,
}
_FEW = 16
_ON, _OFF = (1).to_bytes(8, "little"), bytes(8)


class FunctionCalls:
    """The functions that are hooked, and the rows of their calls. Of no functions, it does nothing.

    Attributes:
        functions: in the order of their indices; those that could not be hooked keep theirs.
    """

    def __init__(self, btf: Btf, names: Collection[str]) -> None:
        """`names`: of those functions the ones that this kernel has are hooked, inlined ones excepted.

        Raises:
            SynscopeError: this kernel lets no program into its functions; nothing was loaded.
        """
        self._btf = btf
        self._links: list[Link] = []
        self._object: Object | None = None
        self.functions: list[Function] = []
        if names:
            self._flavour = flavours.available(btf)
            self.functions = prototypes(btf, [name for name in names if name in btf.functions])

    def load(self, loader: Loader, ring_bytes: int) -> None:
        """Load the programs; nothing is told before `attach` and `begin`."""
        if self.functions:
            self._object = loader.load_chosen("functions", self._choose)
            self._ring = Ring(self._object.maps["calls"].fd, ring_bytes, FUNCTION_CALL)

    def _choose(self, obj: Object) -> None:
        self._flavour.choose(obj, self._btf)
        obj.maps[".rodata.args"].initialise(arguments(self.functions).tobytes())

    def attach(self, loader: Loader) -> None:
        """Hook every function that can be; `loader.hooks` says how, and which could not.

        Raises:
            SynscopeError: not one could be hooked.
        """
        if self._object is None:
            return
        cookies = {function.name: index for index, function in enumerate(self.functions)}
        refused: dict[str, str] = {}
        if self._flavour.attach_type:
            self._attach_or_halve(self._object, cookies, refused)
        else:
            for name, cookie in cookies.items():
                self._attach_or_halve(self._object, {name: cookie}, refused)
        if len(refused) == len(cookies):
            why = next(iter(refused.values()))
            raise SynscopeError("cannot trace function calls", why, flavours.LAB, Exit.NOT_PERMITTED)
        loader.hooks.append(Hook(self._flavour.name, attached=True))
        loader.hooks += [Hook(f"{self._flavour.name}/{name}", False, why) for name, why in refused.items()]

    def _attach_or_halve(self, obj: Object, cookies: dict[str, int], refused: dict[str, str]) -> None:
        """All are attached at once, which fails for all where one of them cannot be: then by halves."""
        try:
            self._links += self._flavour.attach(obj, self._btf, cookies)
        except SynscopeError as error:
            if len(cookies) == 1:
                refused[next(iter(cookies))] = error.why
                return
            each = list(cookies.items())
            for half in (each[: len(each) // 2], each[len(each) // 2 :]):
                self._attach_or_halve(obj, dict(half), refused)

    def begin(self) -> None:
        """From now on calls are told."""
        if self._object:
            self._object.maps["telling"].update(0, _ON)

    def end(self) -> None:
        """From now on none are; those under way stay open."""
        if self._object:
            self._object.maps["telling"].update(0, _OFF)

    def detach(self) -> None:
        """Unhook them; more than once does no harm.

        A kprobe that goes waits for all CPUs. Hundreds of them, each by itself, had better wait together.
        """
        if len(self._links) < _FEW:
            for link in self._links:
                link.detach()
        else:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

            with ThreadPoolExecutor(_FEW) as pool:
                list(pool.map(Link.detach, self._links))
        self._links.clear()

    def drain(self) -> Rows:
        """The calls that returned since the last time."""
        return self._ring.drain() if self._object else np.empty(0, FUNCTION_CALL)

    def count_losses(self, lost: dict[str, int]) -> None:
        """Add to `lost` the entries and returns, of whomever, that the kernel ran no program for.

        Kernels before 6.7 do not count them.
        """
        if self._object:
            programs = (self._object.programs[name] for name in self._flavour.programs)
            missed = sum(program.missed for program in programs)
            if missed:
                lost["functions: interrupted"] = missed

    def open(self) -> Rows:
        """The calls that are under way: a blocked accept() for example. After `end`."""
        return open_calls(self._object.maps["tasks"]) if self._object else np.empty(0, FUNCTION_CALL)


def arguments(functions: list[Function]) -> Rows:
    """What each argument of each function is, as the kernel half reads it: (`FUNCTIONS`,) of `ARGUMENTS`."""
    rows = np.zeros(FUNCTIONS, ARGUMENTS)
    for index, function in enumerate(functions):
        for place, parameter in enumerate(function.parameters or []):
            rows["kind"][index, place] = kind(parameter.type)
    return rows


def kind(spelling: str) -> int:
    """`enum argument` of a C type: `"const struct sock *"` is 1."""
    words = spelling.removeprefix("const ").split()
    if len(words) != 3 or words[0] != "struct" or words[2] != "*":
        return 0
    return _KINDS.get(words[1], 0)


def open_calls(tasks: Map) -> Rows:
    """The open calls of each thread that are ours or have one of ours inside."""
    found = []
    for key in tasks:
        raw = tasks.lookup(key, FRAMES.itemsize)
        frames = np.frombuffer(raw or bytes(FRAMES.itemsize), FRAMES)[0]
        under_way = frames["at"][: frames["depth"]]
        inside = np.maximum.accumulate((under_way["ours"] | under_way["kept"])[::-1])[::-1]
        found.append(under_way["call"][inside != 0])
    return np.concatenate(found) if found else np.empty(0, FUNCTION_CALL)
