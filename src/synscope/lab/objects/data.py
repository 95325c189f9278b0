"""Where the kernel's variables are, which a /proc/kallsyms with CONFIG_KALLSYMS_ALL says."""

from functools import cache

from synscope.errors import SynscopeError

_DIGITS = 16
_NAME = _DIGITS + 3  # "%px %c %s"


class Data:
    """The names of `kallsyms`, whatever they are of."""

    def __init__(self, kallsyms: bytes) -> None:
        self._text = kallsyms
        self.address = cache(self._address)

    def name(self, address: int) -> str:
        """Of what begins there; the address where nothing does."""
        begin = self._text.find(b"%016x " % address)
        end = self._text.find(b"\n", begin)
        return hex(address) if begin < 0 else self._text[begin + _NAME : end].decode()

    def _address(self, name: str) -> int:
        """Raises SynscopeError where there is no such variable."""
        end = self._text.find(b" " + name.encode() + b"\n")
        if end < 0:
            why = f"this kernel does not say where its {name} is: it was built without KALLSYMS_ALL"
            raise SynscopeError("cannot read the guest's objects", why, "synscope lab kernels")
        begin = end + 1 - _NAME
        return int(self._text[begin : begin + _DIGITS], 16)
