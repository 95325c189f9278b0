import json

import pytest

from synscope.errors import Exit
from synscope.probes import doctor
from synscope.probes.doctor import Check

OK = Check(name="cgroup v2", status="ok", detail="/sys/fs/cgroup")
NO_ROOT = Check(name="privileges", status="missing", detail="CAP_BPF", remedy="sudo synscope …")
NO_HOOK = Check(name="tp_btf/new", status="refused", detail="EPERM", remedy="", needed=False)


@pytest.fixture
def checks(monkeypatch):
    def install(*found):
        monkeypatch.setattr(doctor, "checks", lambda: list(found))

    return install


@pytest.mark.parametrize(
    ("found", "code"),
    [((OK,), Exit.OK), ((OK, NO_HOOK), Exit.OK), ((OK, NO_ROOT), Exit.NOT_PERMITTED), ((), Exit.OK)],
)
def test_the_exit_status_says_whether_run_can_work(cli, checks, found, code):
    checks(*found)
    assert cli("doctor").exit_code == code
    assert cli("doctor", "--json").exit_code == code


def test_each_check_is_a_line_with_its_remedy(cli, checks):
    checks(OK, NO_ROOT, NO_HOOK)
    lines = cli("doctor").stdout.splitlines()
    assert lines[0].split() == ["ok", "cgroup", "v2", "/sys/fs/cgroup"]
    assert lines[1].split() == ["missing", "privileges", "CAP_BPF"]
    assert lines[2].strip() == "sudo synscope …"
    assert lines[3].split() == ["refused", "tp_btf/new", "not", "needed:", "EPERM"]
    assert "cannot work here yet: privileges." in lines[-1]


def test_json_is_the_checks(cli, checks):
    checks(OK, NO_ROOT)
    first, second = map(json.loads, cli("doctor", "--json").stdout.splitlines())
    assert first == {
        "name": "cgroup v2",
        "status": "ok",
        "detail": "/sys/fs/cgroup",
        "remedy": "",
        "needed": True,
    }
    assert second["remedy"] == "sudo synscope …"


def test_what_a_file_system_says_cannot_steer_the_terminal(cli, checks):
    checks(Check(name="a\x1b", status="missing", detail="\n", remedy="\x9b", needed=False))
    assert not set("\x1b\x9b") & set(cli("doctor").stdout)
