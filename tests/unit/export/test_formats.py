"""What every format keeps to."""

import pytest

import samples
from synscope.errors import SynscopeError
from synscope.export.formats import MODULES, format_of

NO_WORDS = [].append


@pytest.mark.parametrize("suffix", MODULES)
def test_each_says_in_a_line_what_it_is(suffix):
    line = format_of(suffix).ONE_LINE
    assert line and len(line) < 70 and not line.endswith(".")


@pytest.mark.parametrize("sample", samples.SAMPLES)
@pytest.mark.parametrize("suffix", MODULES)
def test_each_writes_every_kind_of_connection(suffix, sample):
    connections = [samples.SAMPLES[sample]()]
    assert b"".join(format_of(suffix).write(connections, samples.trace(), NO_WORDS))


@pytest.mark.parametrize("suffix", MODULES)
def test_of_no_connections_each_writes_a_file_or_says_why_not(suffix):
    try:
        list(format_of(suffix).write([], samples.trace(), NO_WORDS))
    except SynscopeError as error:
        assert error.why
