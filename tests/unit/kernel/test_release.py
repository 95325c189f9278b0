from pathlib import Path

from synscope.kernel.release import release


def test_is_what_proc_says():
    found = release()
    assert found.kernel == Path("/proc/sys/kernel/osrelease").read_text().strip()
    assert found.hostname == Path("/proc/sys/kernel/hostname").read_text().strip()
    assert found.machine
