import pytest

from synscope.errors import SynscopeError
from synscope.lab import choice, debian, kernels
from synscope.lab.kernels import Kernel
from unit.lab.test_debian import quiet
from unit.lab.test_kernels import bz_image, cached  # noqa: F401 (a fixture)


@pytest.fixture
def fetched(monkeypatch):
    """What was fetched, instead of fetching it; apt knows both series."""
    series = []

    def fetch(name, progress):
        series.append(name)
        return Kernel(f"{name}.fetched", None)

    monkeypatch.setattr(debian, "fetch", fetch)
    monkeypatch.setattr(debian, "newest", lambda *names: dict.fromkeys(names))
    return series


def test_without_a_word_the_newest_in_the_cache(cached, fetched):  # noqa: F811
    cached("6.1.0-56-cloud-amd64", "6.1.0-57-cloud-amd64")
    assert choice.kernel(None, quiet).release == "6.1.0-57-cloud-amd64"
    assert fetched == []


def test_with_an_empty_cache_the_newest_that_can_be_had(cached, fetched, monkeypatch):  # noqa: F811
    assert choice.kernel(None, quiet).release == "6.12.fetched"
    monkeypatch.setattr(debian, "newest", lambda *names: {"6.1": None})
    assert choice.kernel(None, quiet).release == "6.1.fetched"


def test_a_series_from_the_cache_before_another_is_fetched(cached, fetched):  # noqa: F811
    cached("6.1.0-56-cloud-amd64")
    assert choice.kernel("6.1", quiet).release == "6.1.0-56-cloud-amd64"
    assert choice.kernel("6.12", quiet).release == "6.12.fetched"


def test_a_release_only_from_the_cache(cached, fetched):  # noqa: F811
    cached("6.1.0-56-cloud-amd64")
    assert choice.kernel("6.1.0-56-cloud-amd64", quiet).release == "6.1.0-56-cloud-amd64"
    with pytest.raises(SynscopeError, match=r"no kernel 6.1.0-57: it is not in the cache"):
        choice.kernel("6.1.0-57", quiet)


def test_a_file(tmp_path, fetched):
    (tmp_path / "6.1").write_bytes(bz_image("5.9-own"))
    assert choice.kernel(str(tmp_path / "6.1"), quiet) == kernels.of_file(tmp_path / "6.1")
    with pytest.raises(SynscopeError, match="cannot read no-such-file"):
        choice.kernel("no-such-file", quiet)
    with pytest.raises(SynscopeError, match="cannot read none"):
        choice.kernel("none.deb", quiet)
