"""CI's rule: a skip of a `needs_kernel` test is a failure, unless the kernel cannot have the feature."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("reason", "marked", "environ", "status"),
    [
        ("needs root", True, {"SYNSCOPE_CI": "1"}, pytest.ExitCode.TESTS_FAILED),
        ("needs root", True, {"CI": "true"}, pytest.ExitCode.TESTS_FAILED),
        ("needs root", True, {}, pytest.ExitCode.OK),
        ("needs root", False, {"SYNSCOPE_CI": "1"}, pytest.ExitCode.OK),
        ("not on this kernel: no kprobes", True, {"SYNSCOPE_CI": "1"}, pytest.ExitCode.OK),
    ],
)
def test_what_a_skip_does_to_the_run(tmp_path, reason, marked, environ, status):
    mark = "@pytest.mark.needs_kernel\n" if marked else ""
    imports = "import pytest\nfrom support.require import require\n"
    body = f"def test_it():\n    require(False, {reason!r})\n"
    (tmp_path / "test_it.py").write_text(imports + mark + body)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    needs_kernel\n")
    (tmp_path / "conftest.py").write_text((TESTS / "conftest.py").read_text())
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "SYNSCOPE_CI")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command, env=kept | environ | {"PYTHONPATH": str(TESTS)}, capture_output=True, check=False
    )
    assert done.returncode == status, done.stdout.decode()
