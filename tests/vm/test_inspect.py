"""Sockets of other kernels looked into, against their own ss."""

import pytest

pytestmark = pytest.mark.needs_kernel


def test_every_field_is_what_ss_says(results):
    found = results.inspected
    assert found["sockets"] == 14
    assert found["compared"] >= 10
    assert found["differ"] == []
    assert found["owners"]


def test_operations_are_read_and_their_files_known(results):
    found = results.inspected
    assert {"inet_listen", "sock_no_listen"} <= set(found["listen"])
    assert found["unknown"] == []
