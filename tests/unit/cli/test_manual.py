"""The pages, by the tools that read them: mandoc(1) and groff(1)."""

import re
import shlex
import shutil
import subprocess
from itertools import pairwise

import click
import pytest

from support.require import require
from synscope.cli.app import synscope
from synscope.cli.examples import EXAMPLES
from synscope.cli.manual import tree
from synscope.cli.manual_page import page, title
from synscope.diagnosis.registry import codes
from synscope.errors import Exit
from synscope.lab.stage.catalogue import names as scenarios

TREE = {names: (command, below) for names, command, below in tree(synscope, click.Context(synscope))}
PAGES = {names: page(command, names, below, "2026-01-02") for names, (command, below) in TREE.items()}


def test_every_command_has_an_example_and_no_other_has():
    assert {" ".join(names) for names in TREE} == set(EXAMPLES)


@pytest.mark.parametrize("example", [one for many in EXAMPLES.values() for one in many])
def test_an_example_is_a_command_line_that_is_taken(example):
    words = shlex.split(example.removeprefix('eval "$(').removesuffix(')"'))
    words = [word for word in words if word not in ("|", ">")]
    ends = [at for at, word in enumerate(words) if word in ("head", "man", "connection.schema.json")]
    command, context = synscope, click.Context(synscope)
    words = words[1 : ends[0] if ends else None]
    while isinstance(command, click.Group):
        _, command, words = command.resolve_command(context, words) if words else (None, None, [])
    if command is not None:
        command.make_context("synscope", list(words), resilient_parsing=False)


def test_what_examples_name_is_there():
    named = [word for many in EXAMPLES.values() for one in many for word in one.split()]
    explained = [after for word, after in pairwise(named) if word == "explain" and after != "synscope"]
    assert set(explained) <= set(codes())
    played = [
        one.split()[-1] for key, many in EXAMPLES.items() if key.startswith("scenario ") for one in many
    ]
    assert set(played) - {"list"} <= set(scenarios())


@pytest.mark.parametrize("names", PAGES, ids=title)
def test_no_tool_complains(names, tmp_path):
    require(shutil.which("mandoc") or shutil.which("groff"), "neither mandoc nor groff is installed")
    path = tmp_path / f"{title(names)}.1"
    path.write_text(PAGES[names])
    if shutil.which("mandoc"):
        done = subprocess.run(
            ["mandoc", "-Tlint", "-Wwarning", path], capture_output=True, text=True, check=False
        )
        assert done.stdout + done.stderr == ""
    if shutil.which("groff"):
        done = subprocess.run(
            ["groff", "-man", "-ww", "-Tutf8", path], capture_output=True, text=True, check=False
        )
        assert done.stderr == ""


@pytest.mark.parametrize("names", PAGES, ids=title)
def test_every_option_is_on_its_page(names):
    text = PAGES[names].replace("\\-", "-")
    options = [one for one in TREE[names][0].params if isinstance(one, click.Option)]
    assert all(re.search(rf"^\.B .*{max(option.opts, key=len)}\b", text, re.MULTILINE) for option in options)


def test_synscopes_own_page_has_all_exit_codes_and_commands():
    assert all(f".B {int(code)}\n" in PAGES[()] for code in Exit)
    assert all(f"synscope\\-{names[0]}(1)" in PAGES[()] for names in TREE if names)


def test_roff_finds_no_command_in_a_text():
    command = click.Command("x", help=".so /etc/passwd\n\n'quoted' and back\\slash …")
    text = page(command, ("run",), [], "2026-01-02")
    assert "\n\\&.so /etc/passwd\n" in text
    assert "\n\\&'quoted' and back\\eslash \\[u2026]\n" in text


def test_one_page_on_stdout(cli, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767312000")
    result = cli("manual", "lab", "run")
    assert result.exit_code == 0
    assert result.stdout == PAGES["lab", "run"]


def test_all_pages_to_a_directory_once(cli, tmp_path):
    directory = tmp_path / "share/man/man1"
    assert cli("manual", "-o", directory).exit_code == 0
    assert {path.name for path in directory.iterdir()} == {f"{title(names)}.1" for names in TREE}
    again = cli("manual", "-o", directory)
    assert again.exit_code == 1
    assert "--force" in again.stderr
    assert cli("manual", "-o", directory, "--force").exit_code == 0


def test_a_command_that_is_none(cli, tmp_path):
    result = cli("manual", "scenrio")
    assert result.exit_code == 2
    assert "synscope manual scenario" in result.stderr
    (tmp_path / "file").write_text("")
    assert cli("manual", "-o", tmp_path / "file/man1").exit_code == 1
