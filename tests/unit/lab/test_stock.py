from synscope.lab import cache, stock
from unit.lab.test_debian import apt, home  # noqa: F401 (fixtures)
from unit.lab.test_kernels import bz_image, cached  # noqa: F401 (a fixture)


def test_what_is_there_comes_before_what_could_be(home, apt, cached, monkeypatch):  # noqa: F811
    cached("6.1.0-56-cloud-amd64", "6.1.0-40-cloud-amd64")
    snapshot = cache.root() / "snapshots" / f"6.1.0-56-cloud-amd64-{'0' * cache.KEY}"
    snapshot.mkdir(parents=True)
    (snapshot / "ram").write_bytes(b"x" * (1 << 16))
    newer, older, offered = stock.stock()
    assert (newer.release, newer.series, newer.cached) == ("6.1.0-56-cloud-amd64", "6.1", len(bz_image()))
    assert newer.snapshots == 1 << 16
    assert (older.release, older.snapshots) == ("6.1.0-40-cloud-amd64", 0)
    assert (offered.release, offered.series) == ("6.12.117+deb12-cloud-amd64", "6.12")
    assert offered.download > offered.cached == 0
