"""`lab` with a result that no machine made."""

import json
import re

import pytest

import rows
from synscope.capture.file import read
from synscope.errors import Exit, SynscopeError
from synscope.lab import choice, debian, experiment, qemu, stock
from synscope.lab.experiment import Result
from synscope.lab.kernels import Kernel
from synscope.lab.machine import GuestError
from synscope.lab.messages import PAIR, Order

TRACE = rows.trace([rows.listener_row(), rows.client_row(), rows.server_row()])
REFUSAL = SynscopeError("cannot trace", "this user lacks CAP_BPF", "sudo synscope demo", Exit.NOT_PERMITTED)


class Lab:
    """Remembers what it was asked to run; `result` may be an exception to raise."""

    def __init__(self) -> None:
        self.result = Result(TRACE, 0, b"out\n", b"err\n")
        self.kernel = self.order = self.detail = None

    def run(self, kernel, order, detail, booting):
        self.kernel, self.order, self.detail = kernel.release, order, detail
        booting()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def lab(monkeypatch):
    fake = Lab()
    monkeypatch.setattr(qemu, "path", lambda: "qemu")
    monkeypatch.setattr(choice, "kernel", lambda text, progress: Kernel(text or "newest", None))
    monkeypatch.setattr(experiment, "run", fake.run)
    return fake


@pytest.fixture
def refused(monkeypatch):
    """The running kernel cannot be traced."""

    def require():
        raise REFUSAL

    monkeypatch.setattr("synscope.cli.privileges.require", require)


@pytest.mark.parametrize("words", [("lab",), ("lab", "run")])
def test_without_a_command_it_is_the_pair(cli, lab, words):
    result = cli(*words)
    assert (result.exit_code, result.stdout) == (0, "out\n")
    assert (lab.kernel, lab.order, lab.detail) == ("newest", PAIR, "functions")
    assert "err\n" in result.stderr
    assert "127.0.0.1:50164 → 127.0.0.1:8080" in result.stderr
    assert "booting newest, once" in result.stderr
    assert result.stderr.rstrip().splitlines()[-1].strip() == "Next: synscope lab -o trace.syn"


@pytest.mark.parametrize(
    "words",
    [
        ("--kernel", "6.1", "--detail", "path", "--", "sh", "-c", "x"),
        ("run", "--kernel=6.1", "--detail", "path", "sh", "-c", "x"),
    ],
)
def test_a_command_is_run_on_a_kernel(cli, lab, words):
    result = cli("lab", *words)
    assert result.exit_code == 0
    assert (lab.kernel, lab.order, lab.detail) == ("6.1", Order(command=["sh", "-c", "x"]), "path")
    assert "Next: synscope lab --kernel 6.1 -o trace.syn -- sh -c x" in result.stderr


@pytest.mark.parametrize(("status", "code"), [(0, 0), (3, 3), (137, 137), (None, 137)])
def test_its_status_is_the_commands(cli, lab, status, code):
    lab.result = Result(TRACE, status, b"", b"")
    result = cli("lab")
    assert result.exit_code == code
    assert ("its time by the guest's clock was up" in result.stderr) == (status is None)


def test_json_has_stdout_for_itself(cli, lab):
    result = cli("lab", "--json")
    assert json.loads(result.stdout)["outcome"] == "established"
    assert "out\n" in result.stderr


def test_the_trace_is_saved(cli, lab, tmp_path):
    result = cli("lab", "-o", tmp_path / "a.syn", "--view", "table")
    assert read(tmp_path / "a.syn").header == TRACE.header
    assert f"next: synscope show {tmp_path}/a.syn --view calls" in result.stderr
    assert cli("lab", "-o", tmp_path / "a.syn").exit_code == Exit.FAILED
    assert cli("lab", "-o", tmp_path / "a.syn", "--force").exit_code == 0


def test_a_guest_that_fails_is_told_with_its_last_words(cli, lab):
    lab.result = GuestError(SynscopeError("the lab's machine hangs", "why", "how"), ["[1.0] panic\x1b[31m"])
    result = cli("lab")
    assert result.exit_code == Exit.FAILED
    *_, console, error = result.stderr.splitlines()
    assert console.startswith("synscope: console: [1.0] panic")
    assert "\x1b" not in console
    assert error == "synscope: the lab's machine hangs: why. Try: how"


def test_without_qemu_nothing_is_downloaded(cli, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(choice, "kernel", lambda text, progress: pytest.fail("a kernel was asked for"))
    result = cli("lab")
    assert result.exit_code == Exit.FAILED
    assert "Try: sudo apt-get install qemu-system-x86" in result.stderr


def test_the_kernels_with_their_sizes(cli, monkeypatch):
    items = [
        stock.Item("6.1.0-56-cloud-amd64", "6.1", cached=14 << 20, snapshots=290 << 20),
        stock.Item("6.12.1-cloud-amd64", "6.12", cached=12 << 20),
        stock.Item("6.13.1-cloud-amd64", "6.13", download=33 << 20),
    ]
    monkeypatch.setattr(stock, "stock", lambda: items)
    lines = cli("lab", "kernels").stdout.splitlines()
    assert lines == [
        "6.1.0-56-cloud-amd64  14 MiB in the cache, booted: 290 MiB of snapshot",
        "6.12.1-cloud-amd64    12 MiB in the cache",
        "6.13.1-cloud-amd64    33 MiB to download: synscope lab fetch 6.13",
    ]
    monkeypatch.setattr(stock, "stock", list)
    assert "Try: sudo apt-get update" in cli("lab", "kernels").stderr


def test_fetch_names_what_it_fetched(cli, monkeypatch):
    monkeypatch.setattr(debian, "fetch", lambda series, progress: Kernel(f"{series}.9-cloud-amd64", None))
    assert cli("lab", "fetch", "6.1", "6.12").stdout == "6.1.9-cloud-amd64\n6.12.9-cloud-amd64\n"
    assert cli("lab", "fetch").exit_code == Exit.USAGE


def test_help_names_the_subcommands(cli):
    text = cli("lab", "--help").stdout
    assert re.search(r"\bfetch\b(.|\n)*\bkernels\b(.|\n)*\brun\b", text)


def test_the_demo_is_in_the_lab_where_this_kernel_cannot_be_traced(cli, session, lab, refused):
    result = cli("demo")
    assert result.exit_code == 0
    assert "Not here: this user lacks CAP_BPF. So both run on another kernel" in result.stdout
    assert f"a function of Linux {TRACE.header.kernel}" in result.stdout
    assert "127.0.0.1:50164 → 127.0.0.1:8080" in result.stdout
    assert result.stdout.rstrip().splitlines()[-1].startswith("Next: synscope lab ")
    assert (lab.order, lab.detail) == (PAIR, "path")
    assert session.opened == []


def test_a_demo_that_is_nowhere_names_both_reasons(cli, session, lab, refused):
    lab.result = SynscopeError("no lab here", "QEMU is not installed", "apt-get install qemu")
    result = cli("demo")
    assert result.exit_code == Exit.NOT_PERMITTED
    said = result.stderr.splitlines()[-1]
    assert "this user lacks CAP_BPF; and in the lab: no lab here, QEMU is not installed" in said
    assert said.endswith("Try: sudo synscope demo or apt-get install qemu")


def test_a_demo_that_fails_otherwise_does_not_go_to_the_lab(cli, session, lab, monkeypatch):
    monkeypatch.setattr(session, "refusal", SynscopeError("synscope failed", "a fault of its own"))
    result = cli("demo")
    assert result.exit_code == Exit.FAILED
    assert lab.order is None
