"""Every command, option, choice and exit code is in the reference, and nothing else."""

import re
from pathlib import Path

import click
import pytest

from synscope.cli.app import COMMANDS, synscope
from synscope.errors import Exit

NAMES = (*COMMANDS, "lab run")
REFERENCE = Path(__file__).parents[3] / "docs/reference"
TEXT = (REFERENCE / "commands.md").read_text()


def section(name):
    """The text under `## synscope NAME`."""
    return re.split(r"^## ", TEXT.partition(f"## synscope {name}\n")[2], maxsplit=1, flags=re.M)[0]


def command_of(name):
    """`"show"`, or `"lab run"`."""
    group, _, subcommand = name.partition(" ")
    command = synscope.get_command(None, group)
    return command.commands[subcommand] if subcommand else command


def options_of(command):
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


@pytest.mark.parametrize("name", NAMES)
def test_each_option_of_a_command_is_described(name):
    described = set(re.findall(r"^\| `(?:-\w, )?(--[\w-]+)", section(name), flags=re.M))
    options = options_of(command_of(name))
    assert described == {max(option.opts, key=len) for option in options}


@pytest.mark.parametrize("name", NAMES)
def test_each_choice_and_default_is_described(name):
    for option in options_of(command_of(name)):
        if isinstance(option.type, click.Choice):
            (row,) = re.findall(rf"^\| `{max(option.opts, key=len)} .*$", section(name), flags=re.M)
            assert all(f"`{choice}`" in row for choice in option.type.choices), option.name
            assert not isinstance(option.default, str) or f"default `{option.default}`" in row


def test_the_options_of_the_group_are_described():
    for option in synscope.params:
        assert f"`{option.opts[-1]}" in TEXT


def test_each_exit_code_is_described():
    rows = dict(re.findall(r"^\| (\d+) \| `(\w+)`", (REFERENCE / "exit-codes.md").read_text(), flags=re.M))
    assert rows == {str(int(code)): code.name for code in Exit}
