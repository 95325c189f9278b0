"""A guest that plays scenarios: its own Python imports all of them, and modules and programs are there."""

import os
import subprocess

import pytest

from synscope.lab import image, initramfs, modules, stage_image
from synscope.lab.kernels import Kernel
from unit.lab.test_cpio import unpack

RUN = """
import sys
sys.path = [path for path in sys.path if path.startswith(sys.argv[1])]
from importlib import import_module
from pkgutil import iter_modules
import synscope.lab.guest.scenario
from synscope.lab import scenarios
found = [import_module(f"{scenarios.__name__}.{one.name}") for one in iter_modules(scenarios.__path__)]
print(all(callable(module.play) for module in found) and len(found) > 50)
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    directory = tmp_path_factory.mktemp("image")
    module = directory / "veth.ko"
    module.write_bytes(b"veth")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(modules, "of", lambda *_: [module])
        sources = stage_image.sources(Kernel("6.7", directory / "vmlinuz"), lambda *_: None)
    with (directory / "archive").open("wb") as stream:
        initramfs.write(stream, [*image.sources(), *sources])
    return unpack(directory / "archive", directory / "root")


def test_every_scenario_can_be_imported(root):
    libraries = {str(path.parent) for path in (root / "usr/lib").rglob("libc.so.6")}
    environ = {
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": str(root / "site"),
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
    }
    command = [root / "usr/bin/python3", "-c", RUN, str(root)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout.strip()) == ("", "True")


def test_modules_and_programs_are_in_it(root):
    assert (root / "modules/00.ko").read_bytes() == b"veth"
    assert all((root / "usr/bin" / name).exists() for name in stage_image.PROGRAMS)
