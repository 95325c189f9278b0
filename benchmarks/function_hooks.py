"""What it costs to hook the catalogue's functions in each way there is: in the lab's guests.

    .venv/bin/python benchmarks/function_hooks.py [--kernel SERIES]

Times are by the guest's clock, which counts instructions (4 ns each): the same in every run, to be compared
with one another only. The programs do nothing; what those of `functions` detail cost to load is a line of its
own, for fentry needs one of each for every function.
"""

import argparse
import sys

from synscope.errors import SynscopeError
from synscope.lab import debian, experiment, qemu
from synscope.lab.messages import Order

GUEST = """
import ctypes, os, socket, time
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch
from msgspec.structs import replace
from synscope.errors import SynscopeError
from synscope.kernel.btf import Btf
from synscope.probes import flavours
from synscope.probes.libbpf import Library, Object
from synscope.probes.loader import object_path
from synscope.tcp import catalogue

TRACING, FENTRY, FEXIT = 26, 24, 25  # include/uapi/linux/bpf.h
EXIT = bytes.fromhex("b700000000000000 9500000000000000")  # r0 = 0; exit
CALLED, CALLS = "tcp_getsockopt", 20000
U32 = ctypes.c_uint32

class Options(ctypes.Structure):  # bpf_prog_load_opts
    _fields_ = [("sz", ctypes.c_size_t), ("attempts", U32), ("attach_type", U32), ("btf_fd", U32),
        ("flags", U32), ("ifindex", U32), ("version", U32), ("btf_id", U32), ("rest", ctypes.c_char * 68)]

call, btf = Library.load().call, Btf.kernel()
there = Path("/sys/kernel/tracing/available_filter_functions").read_text().split()
names = [name for name in catalogue.functions() if name in btf.functions and name in set(there)]
one, refused = socket.socket(), set()

def timed(do):
    begin = time.monotonic()
    return do(), (time.monotonic() - begin) * 1e3

def loop():
    def calls():
        for _ in range(CALLS): one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    return timed(calls)[1] * 1e6 / CALLS

def loaded(name, kind):
    options = Options(sz=ctypes.sizeof(Options), attach_type=kind, btf_id=btf.functions[name])
    made = call.bpf_prog_load(TRACING, b"nothing", b"GPL", EXIT, 2, ctypes.byref(options))
    if made < 0: refused.add(f"{name}: {os.strerror(-made)}")
    return made

def attached(name, program):
    link = call.bpf_raw_tracepoint_open(None, program) if program >= 0 else -1
    if program >= 0 > link: refused.add(f"{name}: {os.strerror(-link)}")
    return link

def tracing(names):
    found, load = timed(lambda: [(name, loaded(name, kind)) for name in names for kind in (FEXIT, FENTRY)])
    links, attach = timed(lambda: [attached(*each) for each in found])
    took = loop()
    _, detach = timed(lambda: [os.close(each) for each in links if each >= 0])
    for _, each in found:
        if each >= 0: os.close(each)
    return load, attach, detach, took

def ours(flavour, names):
    harmless = replace(flavour, entry="nothing", leave=flavour.leave and "nothing")
    obj = Object(object_path("nothing"))
    harmless.choose(obj, btf)
    _, load = timed(obj.load)
    links, attach = timed(lambda: harmless.attach(obj, btf, dict.fromkeys(names, 0)))
    took = loop()
    _, detach = timed(lambda: [link.detach() for link in links])
    obj.close()
    return load, attach, detach, took

def told(name, load, attach, detach, took):
    print(f"  {name:<16}{load:>10.0f}{attach:>10.0f}{detach:>10.0f}{took - bare:>14.0f}", flush=True)

bare = loop()
print(f"  {len(names)} functions   load, attach, detach them all [ms]; entry and return of one call [ns]")
told("fentry/fexit", *tracing(names)[:3], tracing([CALLED])[3])
print(f"  (it refuses {', '.join(sorted(refused)) or None})")
for flavour in flavours.FLAVOURS:
    with suppress(SynscopeError), patch.object(flavours, "FLAVOURS", (flavour,)):
        flavours.available(btf)
        told(flavour.name, *ours(flavour, names)[:3], ours(flavour, [CALLED])[3])
real = Object(object_path("functions"))
flavours.FLAVOURS[1].choose(real, btf)
_, load = timed(real.load)
print(f"  programs of functions detail: {load:.0f} ms to load; for fentry {load * len(names) / 1e3:.0f} s")
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kernel", action="append", metavar="SERIES", help="default: 6.1 and 6.12")
    words = parser.parse_args()
    try:
        qemu.path()
        for series in words.kernel or ("6.1", "6.12"):
            kernel = debian.fetch(series, lambda done, total: None)
            print(kernel.release, flush=True)
            done = experiment.run(kernel, Order(command=["python3", "-c", GUEST]), "path")
            print(done.stdout.decode() + done.stderr.decode(), end="")
    except SynscopeError as error:
        sys.exit(f"function_hooks: {error}")


if __name__ == "__main__":
    main()
