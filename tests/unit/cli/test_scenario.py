"""`synscope scenario`, as far as it goes without a kernel to trace."""

import pytest

from synscope.cli.scenario import did_not_happen, next_command
from synscope.errors import Exit, SynscopeError
from synscope.lab.stage.catalogue import names, scenario
from synscope.lab.stage.report import Report, Witness


def test_each_is_listed_with_its_finding_or_that_it_is_healthy(cli):
    done = cli("scenario", "list")
    assert done.exit_code == 0
    assert all(f"{name} " in done.stdout for name in names())
    assert "finding: accept-queue-overflow" in done.stdout and "finding: none" in done.stdout


def test_why_one_cannot_be_played_is_listed(cli, monkeypatch):
    monkeypatch.setattr(
        "synscope.lab.stage.needs.missing", lambda needs: "no TUN" if "tun" in needs else None
    )
    lines = cli("scenario", "list").stdout.splitlines()
    after = lines[next(at for at, line in enumerate(lines) if line.startswith("syn-lost ")) + 1]
    assert after.endswith("finding: syn-lost; not here: no TUN")


def test_show_has_the_commands_to_do_it_by_hand(cli):
    done = cli("scenario", "show", "syn-dropped-input")
    assert done.exit_code == 0
    assert "\nBy hand\n    unshare -n\n" in done.stdout
    assert done.stdout.endswith("    synscope explain syn-dropped-input\n")


@pytest.mark.parametrize("command", ["show", "run"])
def test_a_wrong_name_is_answered_with_a_close_one(cli, command):
    done = cli("scenario", command, "no-rout")
    assert done.exit_code == Exit.USAGE
    assert "Try: synscope scenario run no-route" in done.stderr


def test_what_cannot_be_played_is_refused_before_anything_is_traced(cli, monkeypatch):
    monkeypatch.setattr("synscope.lab.stage.needs.missing", lambda needs: "it needs root")
    done = cli("scenario", "run", "healthy")
    assert done.exit_code == Exit.NOT_PERMITTED
    assert "it needs root" in done.stderr


def test_what_this_kernel_lacks_is_played_in_a_guest(cli, monkeypatch):
    def played(scenario, detail, kernel, recording):
        assert (scenario.name, detail, kernel) == ("healthy-delayed", "path", None)
        raise SynscopeError("it was", "played in a guest")

    monkeypatch.setattr(
        "synscope.lab.stage.needs.lacking", lambda needs: "no TUN" if "tun" in needs else None
    )
    monkeypatch.setattr("synscope.cli.guest_scenario.play_in_guest", played)
    done = cli("scenario", "run", "healthy-delayed")
    assert "healthy-delayed is played in a virtual machine: no TUN" in done.stderr
    assert "it was: played in a guest" in done.stderr
    listed = cli("scenario", "list").stdout
    assert "finding: none: it is healthy; in the lab: no TUN" in listed


def test_a_guest_has_path_detail_only(cli):
    done = cli("scenario", "run", "--kernel", "6.1", "--detail", "record", "healthy")
    assert done.exit_code == Exit.USAGE and "path detail" in done.stderr


def test_without_root_a_guest_is_the_remedy(cli, monkeypatch):
    monkeypatch.setattr("synscope.lab.stage.needs.missing", lambda needs: "it needs root")
    assert "Try: synscope scenario run --kernel 6.12 healthy" in cli("scenario", "run", "healthy").stderr


def test_an_existing_file_is_refused_first(cli, tmp_path, monkeypatch):
    monkeypatch.setattr("synscope.cli.scenario.play", lambda *_: pytest.fail("played"))
    kept = tmp_path / "trace.syn"
    kept.touch()
    done = cli("scenario", "run", "-o", str(kept), "healthy")
    assert done.exit_code == Exit.FAILED and "--force" in done.stderr


def test_the_error_says_which_witness_did_not_see_it():
    seen, unseen = Witness("connect(): timeout", True), Witness("0 packets dropped", False)
    assert did_not_happen(scenario("healthy"), Report([seen, unseen])).why == "0 packets dropped"
    assert did_not_happen(scenario("healthy"), Report([])).why == "no witness saw it"


def test_what_comes_next(tmp_path):
    assert next_command(scenario("healthy"), None) == "synscope scenario show healthy"
    assert next_command(scenario("healthy"), tmp_path).startswith("synscope show ")
