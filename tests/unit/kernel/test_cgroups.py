from pathlib import Path

import pytest

from synscope.errors import Exit, SynscopeError
from synscope.kernel import cgroups

V1 = "33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct\n"
PART = "40 31 0:38 /user.slice /mnt/part rw - cgroup2 cgroup2 rw\n"
HYBRID = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
UNIFIED = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
SPACE = "41 31 0:38 / /mnt/a\\040b\\134c rw - cgroup2 none rw\n"
LIAR = "41 31 0:38 / /mnt/cgroup2 rw - ext4 cgroup2 rw\n"


@pytest.fixture
def tree(tmp_path):
    """Directories that look like a hierarchy: / , /user.slice, /user.slice/app, /other."""
    root = tmp_path / "cgroup"
    (root / "user.slice/app").mkdir(parents=True)
    (root / "other").mkdir()
    (root / "cgroup.procs").touch()
    return root


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (V1 + HYBRID, "/sys/fs/cgroup/unified"),
        (UNIFIED, "/sys/fs/cgroup"),
        (PART + UNIFIED, "/sys/fs/cgroup"),
        (PART, "/mnt/part"),
        (LIAR + SPACE, "/mnt/a b\\c"),
    ],
)
def test_mount(tmp_path, text, path):
    (tmp_path / "mountinfo").write_text(text)
    assert cgroups.mount(tmp_path / "mountinfo") == Path(path)


@pytest.mark.parametrize("text", ["", V1, LIAR])
def test_no_mount(tmp_path, text):
    (tmp_path / "mountinfo").write_text(text)
    with pytest.raises(SynscopeError, match="no cgroup v2") as caught:
        cgroups.mount(tmp_path / "mountinfo")
    assert caught.value.code == Exit.NOT_PERMITTED


@pytest.mark.parametrize(
    ("text", "path"),
    [("0::/\n", "/"), ("9:name=systemd:/a\n1:cpu:/\n0::/user.slice/my app\n", "/user.slice/my app")],
)
def test_path_of_a_process(tmp_path, text, path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7/cgroup").write_text(text)
    assert cgroups.path_of(7, tmp_path) == path


def test_path_of_no_process(tmp_path):
    with pytest.raises(SynscopeError, match="process 8"):
        cgroups.path_of(8, tmp_path)
    (tmp_path / "8").mkdir()
    (tmp_path / "8/cgroup").write_text("1:cpu:/\n")
    with pytest.raises(SynscopeError, match="no line of cgroup v2"):
        cgroups.path_of(8, tmp_path)


@pytest.mark.parametrize(
    "text", ["user.slice/app", "/user.slice/app", "user.slice/app/", "other/../user.slice/app"]
)
def test_resolve_from_the_root(tree, text):
    assert cgroups.resolve(text, tree) == tree / "user.slice/app"


def test_resolve_a_path_under_the_mount(tree):
    assert cgroups.resolve(str(tree / "other"), tree) == tree / "other"
    assert cgroups.resolve("/", tree) == tree


@pytest.mark.parametrize("text", ["nothing", "/etc", "..", "../..", "cgroup.procs", "a\0b", "x" * 5000])
def test_what_is_none_is_refused(tree, text):
    with pytest.raises(SynscopeError) as caught:
        cgroups.resolve(text, tree)
    assert caught.value.code == Exit.USAGE


def test_resolve_leaves_the_hierarchy_by_no_link(tree):
    (tree / "link").symlink_to("/etc")
    with pytest.raises(SynscopeError):
        cgroups.resolve("link", tree)


@pytest.mark.parametrize(("path", "depth"), [("", 0), ("other", 1), ("user.slice/app", 2)])
def test_level(tree, path, depth):
    assert cgroups.level(tree / path, tree) == depth


def test_ids_and_names(tree):
    app = cgroups.cgroup_id(tree / "user.slice/app")
    assert app == (tree / "user.slice" / "app").lstat().st_ino
    assert cgroups.name(app, tree) == "/user.slice/app"
    assert sorted(cgroups.names(tree).values()) == ["/", "/other", "/user.slice", "/user.slice/app"]
    (tree / "user.slice/app").rmdir()
    assert cgroups.name(app, tree) is None


@pytest.mark.needs_kernel
def test_a_cgroup_of_this_kernel(cgroup):
    root = cgroups.mount()
    text = str(cgroup.relative_to(root))
    assert cgroups.resolve(text) == cgroup
    assert cgroups.name(cgroups.cgroup_id(cgroup)) == f"/{text}"
    assert cgroups.level(cgroup, root) == len(Path(text).parts)
    assert (cgroups.own() / "cgroup.procs").exists()
