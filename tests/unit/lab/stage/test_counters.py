import json

import pytest

from synscope.lab.stage import counters
from synscope.lab.stage.actors import StageError

LISTING = json.dumps(
    {"nftables": [{"metainfo": {}}, {"counter": {"name": "rule1", "packets": 3, "bytes": 180}}]}
)


def test_a_counter_of_nftables():
    assert counters.nft(LISTING, "rule1") == 3


def test_one_that_no_rule_declared():
    with pytest.raises(StageError, match="rule2"):
        counters.nft(LISTING, "rule2")


def test_counters_of_the_kernel_have_the_names_of_nstat():
    for name in ("TcpOutRsts", "TcpExtListenOverflows", "IpOutNoRoutes"):
        assert counters.kernel(name) >= 0


def test_one_that_the_kernel_does_not_have():
    with pytest.raises(StageError, match="TcpExtNothing"):
        counters.kernel("TcpExtNothing")
