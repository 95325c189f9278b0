import pytest

from synscope.errors import SynscopeError
from synscope.lab import mailbox
from synscope.lab.messages import PAIR, Failed, Outcome, Ready


@pytest.mark.parametrize(
    "message",
    [Ready(b"symbols", b"types"), Outcome(None, b"t", b"o", b"e"), Failed("a", "b")],
)
def test_what_the_guest_says_is_heard(message):
    memory = mailbox.packed(message) + b"of an earlier message"
    assert mailbox.from_guest(memory[: mailbox.length(memory[: mailbox.HEAD])]) == message


def test_what_the_host_says_is_heard():
    assert mailbox.from_host(mailbox.packed(PAIR)) == PAIR


def test_what_does_not_fit_is_an_error():
    with pytest.raises(SynscopeError, match="64 MiB, and there is room for 64"):
        mailbox.packed(Outcome(0, bytes(mailbox.SIZE), b"", b""))
