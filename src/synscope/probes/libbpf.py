"""The system's libbpf.so.1 (1.1 and later), and the only place that knows ctypes.

Programs are loaded from the compiled objects in `probes/objects`, and attached by links: a link is a
file descriptor of this process, so that whatever happens to it, nothing stays attached.
"""

import ctypes
import errno
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from synscope.errors import Exit, SynscopeError

_T = TypeVar("_T")
_LOG: list[str] = []
_DEBUG = 2  # enum libbpf_print_level
_LONGEST = 1 << 17  # a verifier's log is one message
_PRINT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)

# name: (result, arguments), from libbpf.h, bpf.h
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "libbpf_set_print": (ctypes.c_void_p, [_PRINT]),
    "libbpf_major_version": (ctypes.c_uint32, []),
    "libbpf_minor_version": (ctypes.c_uint32, []),
    "bpf_object__open_file": (ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_void_p]),
    "bpf_object__load": (ctypes.c_int, [ctypes.c_void_p]),
    "bpf_object__close": (None, [ctypes.c_void_p]),
    "bpf_object__next_program": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_void_p]),
    "bpf_object__next_map": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_void_p]),
    "bpf_program__name": (ctypes.c_char_p, [ctypes.c_void_p]),
    "bpf_program__section_name": (ctypes.c_char_p, [ctypes.c_void_p]),
    "bpf_program__set_autoload": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_bool]),
    "bpf_program__autoload": (ctypes.c_bool, [ctypes.c_void_p]),
    "bpf_program__set_expected_attach_type": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_int]),
    "bpf_program__attach_kprobe_opts": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]),
    "bpf_program__fd": (ctypes.c_int, [ctypes.c_void_p]),
    "bpf_program__attach": (ctypes.c_void_p, [ctypes.c_void_p]),
    "bpf_program__attach_cgroup": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]),
    "bpf_program__attach_iter": (ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_void_p]),
    "bpf_iter_create": (ctypes.c_int, [ctypes.c_int]),
    "bpf_link__fd": (ctypes.c_int, [ctypes.c_void_p]),
    "bpf_link__destroy": (ctypes.c_int, [ctypes.c_void_p]),
    "bpf_map__name": (ctypes.c_char_p, [ctypes.c_void_p]),
    "bpf_map__fd": (ctypes.c_int, [ctypes.c_void_p]),
    "bpf_map__reuse_fd": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_int]),
    "bpf_map__set_max_entries": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_uint32]),
    "bpf_map__max_entries": (ctypes.c_uint32, [ctypes.c_void_p]),
    "bpf_map__value_size": (ctypes.c_uint32, [ctypes.c_void_p]),
    "bpf_map__set_initial_value": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
    "bpf_map_lookup_elem": (ctypes.c_int, [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]),
    "bpf_map_update_elem": (ctypes.c_int, [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64]),
    "bpf_map_get_next_key": (ctypes.c_int, [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]),
    "bpf_prog_test_run_opts": (ctypes.c_int, [ctypes.c_int, ctypes.c_void_p]),
    "libbpf_num_possible_cpus": (ctypes.c_int, []),
}


def _keep_message(level: int, form: bytes, arguments: int) -> int:
    """libbpf's words, but for its debugging, go into a list from which an error takes the telling ones."""
    if level < _DEBUG:
        buffer = ctypes.create_string_buffer(_LONGEST)
        ctypes.CDLL(None).vsnprintf(buffer, len(buffer), form, ctypes.c_void_p(arguments))
        _LOG.extend(buffer.value.decode(errors="replace").splitlines())
        del _LOG[:-400]
    return 0


_keep = _PRINT(_keep_message)  # referenced for as long as libbpf may call it


class Library:
    """libbpf with its functions typed; `Library.load()` is the one instance."""

    _instance: "Library | None" = None

    def __init__(self, library: ctypes.CDLL) -> None:
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self.call: Any = library
        self.version = (library.libbpf_major_version(), library.libbpf_minor_version())
        library.libbpf_set_print(_keep)

    @classmethod
    def load(cls) -> "Library":
        """Load libbpf.so.1 once. Raises SynscopeError where it is not installed."""
        if cls._instance is None:
            try:
                cls._instance = cls(ctypes.CDLL("libbpf.so.1", use_errno=True))
            except (OSError, AttributeError) as error:
                raise SynscopeError(
                    "cannot load libbpf", str(error), "apt-get install libbpf1", Exit.NOT_PERMITTED
                ) from error
        return cls._instance


def _failure(what: str, number: int) -> SynscopeError:
    """An error with the kernel's errno and libbpf's last words on the matter."""
    name = errno.errorcode.get(number, str(number))
    said = [line for line in _LOG if "failed" in line or "error" in line.lower()]
    why = f"{name} ({os.strerror(number)})" + (f"; libbpf: {said[-1]}" if said else "")
    remedy = "run as root, or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN" if number in (1, 13) else ""
    return SynscopeError(what, why, remedy or "synscope doctor", Exit.NOT_PERMITTED)


class Link:
    """An attached program; `detach()` ends it, and so does the end of the process."""

    def __init__(self, end: Callable[[], object]) -> None:
        self._end: Callable[[], object] | None = end

    @classmethod
    def of(cls, pointer: int) -> "Link":
        """Of a `struct bpf_link`."""
        return cls(lambda: Library.load().call.bpf_link__destroy(pointer))

    def detach(self) -> None:
        """Detach; more than once does no harm."""
        if self._end:
            self._end()
            self._end = None


class _RunOptions(ctypes.Structure):
    """`struct bpf_test_run_opts` of bpf.h."""

    _fields_ = (
        ("sz", ctypes.c_size_t),
        ("data_in", ctypes.c_void_p),
        ("data_out", ctypes.c_void_p),
        ("data_size_in", ctypes.c_uint32),
        ("data_size_out", ctypes.c_uint32),
        ("ctx_in", ctypes.c_char_p),
        ("ctx_out", ctypes.c_void_p),
        ("ctx_size_in", ctypes.c_uint32),
        ("ctx_size_out", ctypes.c_uint32),
        ("retval", ctypes.c_uint32),
        ("repeat", ctypes.c_int),
        ("duration", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("cpu", ctypes.c_uint32),
        ("batch_size", ctypes.c_uint32),
    )


class _IteratorInfo(ctypes.Structure):
    """The member `task` of `union bpf_iter_link_info` of bpf.h, to the union's size."""

    _fields_ = (("tid", ctypes.c_uint32), ("pid", ctypes.c_uint32), ("rest", ctypes.c_uint32 * 2))


class _IteratorOptions(ctypes.Structure):
    """`struct bpf_iter_attach_opts` of libbpf.h."""

    _fields_ = (
        ("sz", ctypes.c_size_t),
        ("link_info", ctypes.POINTER(_IteratorInfo)),
        ("link_info_len", ctypes.c_uint32),
    )


class _KprobeOptions(ctypes.Structure):
    """`struct bpf_kprobe_opts` of libbpf.h."""

    _fields_ = (
        ("sz", ctypes.c_size_t),
        ("bpf_cookie", ctypes.c_uint64),
        ("offset", ctypes.c_size_t),
        ("retprobe", ctypes.c_bool),
    )


class _MultiLink(ctypes.Structure):
    """`union bpf_attr` of BPF_LINK_CREATE for kprobe.multi (include/uapi/linux/bpf.h)."""

    _fields_ = (
        ("prog_fd", ctypes.c_uint32),
        ("target_fd", ctypes.c_uint32),
        ("attach_type", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("multi_flags", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("symbols", ctypes.POINTER(ctypes.c_char_p)),
        ("addresses", ctypes.c_void_p),
        ("cookies", ctypes.POINTER(ctypes.c_uint64)),
    )


_SYSCALL_BPF = {"x86_64": 321, "aarch64": 280}
_BPF_LINK_CREATE = 28
_MULTI_RETURN = 1  # BPF_F_KPROBE_MULTI_RETURN


class Program:
    """A program of an object: its name, its section, and whether it is to be loaded."""

    def __init__(self, pointer: int) -> None:
        self._call = Library.load().call
        self._pointer = pointer
        self.name: str = self._call.bpf_program__name(pointer).decode()
        self.section: str = self._call.bpf_program__section_name(pointer).decode()

    def autoload(self, wanted: bool) -> None:
        """Load this program with its object, or leave it out."""
        self._call.bpf_program__set_autoload(self._pointer, wanted)

    @property
    def wanted(self) -> bool:
        """Whether it is loaded with its object."""
        return bool(self._call.bpf_program__autoload(self._pointer))

    def attach(self, cgroup_fd: int | None) -> Link:
        """Attach to its tracepoint, or, for cgroup and sockops programs, to the cgroup."""
        ctypes.set_errno(0)
        if self.section.startswith(("cgroup/", "sockops")):
            pointer = self._call.bpf_program__attach_cgroup(self._pointer, cgroup_fd)
        else:
            pointer = self._call.bpf_program__attach(self._pointer)
        if not pointer:
            raise _failure(f"cannot attach {self.section}", ctypes.get_errno())
        return Link.of(pointer)

    def will_attach_as(self, attach_type: int) -> None:
        """Set the `enum bpf_attach_type` that it is loaded for, where its section does not tell."""
        self._call.bpf_program__set_expected_attach_type(self._pointer, attach_type)

    def attach_to_function(self, name: str, cookie: int, at_return: bool) -> Link:
        """Attach to the entry or the return of one kernel function, by a kprobe of its own."""
        options = _KprobeOptions(bpf_cookie=cookie, retprobe=at_return)
        options.sz = ctypes.sizeof(options)
        ctypes.set_errno(0)
        pointer = self._call.bpf_program__attach_kprobe_opts(
            self._pointer, name.encode(), ctypes.byref(options)
        )
        if not pointer:
            raise _failure(f"cannot attach to {name}", ctypes.get_errno())
        return Link.of(pointer)

    def attach_to_functions(self, cookies: Mapping[str, int], attach_type: int, at_return: bool) -> Link:
        """Attach to all functions at once, each with its cookie: kprobe.multi and kprobe.session.

        By the system call itself, for libbpf 1.1 does not know sessions.
        """
        count = len(cookies)
        link = _MultiLink(
            prog_fd=self._call.bpf_program__fd(self._pointer),
            attach_type=attach_type,
            multi_flags=_MULTI_RETURN if at_return else 0,
            count=count,
            symbols=(ctypes.c_char_p * count)(*(name.encode() for name in cookies)),
            cookies=(ctypes.c_uint64 * count)(*cookies.values()),
        )
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.syscall(
            _SYSCALL_BPF[os.uname().machine], _BPF_LINK_CREATE, ctypes.byref(link), ctypes.sizeof(link)
        )
        if fd < 0:
            raise _failure(f"cannot attach to {count} functions", ctypes.get_errno())
        return Link(lambda: os.close(fd))

    @property
    def missed(self) -> int:
        """How often the kernel left it out, because on that CPU a program of its kind was interrupted."""
        fd = self._call.bpf_program__fd(self._pointer)
        lines = Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("recursion_misses:"))

    def iterate(self, pid: int = 0) -> bytes:
        """All that an iterator's program writes: of the process `pid`, in this thread's network namespace."""
        info = _IteratorInfo(pid=pid)
        options = _IteratorOptions(link_info=ctypes.pointer(info), link_info_len=ctypes.sizeof(info))
        options.sz = ctypes.sizeof(options)
        ctypes.set_errno(0)
        link = self._call.bpf_program__attach_iter(self._pointer, ctypes.byref(options) if pid else None)
        if not link:
            raise _failure(f"cannot read by {self.section}", ctypes.get_errno())
        try:
            descriptor = self._call.bpf_iter_create(self._call.bpf_link__fd(link))
            if descriptor < 0:
                raise _failure(f"cannot read by {self.section}", -descriptor)
            with open(descriptor, "rb", buffering=0) as rows:  # noqa: PTH123  # a descriptor
                return rows.read()
        except OSError as error:
            raise _failure(f"cannot read by {self.section}", error.errno or 0) from error
        finally:
            self._call.bpf_link__destroy(link)

    def run(self, context: bytes) -> int:
        """Call a raw_tp program with its arguments, eight bytes each; what it returned."""
        options = _RunOptions(ctx_in=context, ctx_size_in=len(context))
        options.sz = ctypes.sizeof(options)
        fd = self._call.bpf_program__fd(self._pointer)
        result = self._call.bpf_prog_test_run_opts(fd, ctypes.byref(options))
        if result:
            raise _failure(f"cannot run {self.name}", -result)
        return int(options.retval)


class Map:
    """A map of an object."""

    def __init__(self, pointer: int) -> None:
        self._call = Library.load().call
        self._pointer = pointer
        self.name: str = self._call.bpf_map__name(pointer).decode()

    @property
    def fd(self) -> int:
        """Its file descriptor, once loaded."""
        return int(self._call.bpf_map__fd(self._pointer))

    @property
    def max_entries(self) -> int:
        """Entries, or bytes for a ring buffer."""
        return int(self._call.bpf_map__max_entries(self._pointer))

    @property
    def value_size(self) -> int:
        """Bytes of one value (of one CPU's, in a per-CPU map)."""
        return int(self._call.bpf_map__value_size(self._pointer))

    def resize(self, entries: int) -> None:
        """Set the number of entries; before the object is loaded."""
        self._call.bpf_map__set_max_entries(self._pointer, entries)

    def share(self, other: "Map") -> None:
        """Use another object's map of the same kind instead of one's own; before loading."""
        self.resize(other.max_entries)
        result = self._call.bpf_map__reuse_fd(self._pointer, other.fd)
        if result:
            raise _failure(f"cannot share the map {self.name}", -result)

    def initialise(self, value: bytes) -> None:
        """Set the contents of a read-only data map; before loading."""
        result = self._call.bpf_map__set_initial_value(self._pointer, value, len(value))
        if result:
            raise _failure(f"cannot set {self.name}", -result)

    def update(self, key: int, value: bytes) -> None:
        """Set the value of a u32 key."""
        number = ctypes.c_uint32(key)
        result = self._call.bpf_map_update_elem(self.fd, ctypes.byref(number), value, 0)
        if result:
            raise _failure(f"cannot set {self.name}", -result)

    def __iter__(self) -> Iterator[int]:
        """The u32 keys of a hash map that nobody changes meanwhile."""
        before, after = None, ctypes.c_uint32()
        while not self._call.bpf_map_get_next_key(self.fd, before, ctypes.byref(after)):
            yield after.value
            before = ctypes.byref(ctypes.c_uint32(after.value))

    def lookup(self, key: int, size: int) -> bytes | None:
        """The value of a u32 key as `size` bytes, or None."""
        buffer = ctypes.create_string_buffer(size)
        number = ctypes.c_uint32(key)
        if self._call.bpf_map_lookup_elem(self.fd, ctypes.byref(number), buffer):
            return None
        return buffer.raw

    def lookup_percpu(self, key: int) -> list[bytes]:
        """One value a CPU."""
        width = (self.value_size + 7) // 8 * 8
        cpus = self._call.libbpf_num_possible_cpus()
        raw = self.lookup(key, width * cpus) or bytes(width * cpus)
        return [raw[i * width : (i + 1) * width] for i in range(cpus)]


class Object:
    """A compiled object: open, choose programs and sizes, load, attach, close."""

    def __init__(self, path: Path) -> None:
        self._call = Library.load().call
        self.path = path
        _LOG.clear()
        ctypes.set_errno(0)
        self._pointer = self._call.bpf_object__open_file(os.fsencode(path), None)
        if not self._pointer:
            raise _failure(f"cannot open {path}", ctypes.get_errno())
        self.programs = {p.name: p for p in self._each(self._call.bpf_object__next_program, Program)}
        self.maps = {m.name: m for m in self._each(self._call.bpf_object__next_map, Map)}

    def _each(self, step: Any, kind: Callable[[int], _T]) -> Iterator[_T]:
        pointer = step(self._pointer, None)
        while pointer:
            yield kind(pointer)
            pointer = step(self._pointer, pointer)

    def load(self) -> None:
        """Load every wanted program and create the maps. Raises SynscopeError with the kernel's reason."""
        result = self._call.bpf_object__load(self._pointer)
        if result:
            raise _failure(f"the kernel refuses {self.path.name}", -result)

    def close(self) -> None:
        """Unload; more than once does no harm."""
        if self._pointer:
            self._call.bpf_object__close(self._pointer)
            self._pointer = 0


def log() -> list[str]:
    """What libbpf said lately, oldest first."""
    return list(_LOG)
