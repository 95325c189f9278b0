import samples
from synscope.export import text
from synscope.views import VIEWS, Style, plain


def test_it_is_the_ladder():
    connections = [samples.healthy(), samples.hostile()]
    written = b"".join(text.write(connections, samples.trace(), print)).decode()
    assert written == plain(VIEWS["ladder"].render(connections, samples.trace(), Style(width=100)))
