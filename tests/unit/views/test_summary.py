import samples
from synscope.views import VIEWS, Style


def drawn(connections, **footer) -> list[list[str]]:
    lines = VIEWS["summary"].render(connections, samples.trace(**footer), Style())
    return [line.plain.split() for line in lines]


def test_outcomes_are_counted_most_frequent_first():
    lines = drawn(samples.many(40))
    first = next(at for at, line in enumerate(lines) if line[:1] == ["established"])
    assert lines[first][:3] == ["established", "35", "87.5"]
    assert lines[first + 1][:3] == ["refused", "5", "12.5"]


def test_destinations_have_their_failures_and_times():
    lines = drawn(samples.many(40))
    assert ["127.0.0.1:9", "5", "5"] in lines
    (everything,) = [line for line in lines if line[:1] == ["all"]]
    assert everything[1:3] == ["40", "5"] and everything[-2:] == ["2.36", "ms"]


def test_destinations_beyond_the_first_are_summed():
    many = [samples.healthy(id=f"c{n}", server=samples.server(port=1000 + n), calls=()) for n in range(1, 31)]
    assert any(line[:3] == ["10", "others", "10"] for line in drawn(many))


def test_losses_left_out_sockets_and_missing_hooks_are_said():
    text = [" ".join(line) for line in drawn([samples.healthy()], lost={"ring": 7}, left_out={"mptcp": 2})]
    assert "lost: 7 at ring" in text
    assert "left out: 2 mptcp sockets" in text
    assert "3 of 4 hooks attached" in text
    assert any(line.startswith("not attached: tp_btf/sk_data_ready: this kernel") for line in text)
    assert "nothing was lost by the tracer" not in text


def test_a_trace_that_was_cut_off_claims_nothing():
    text = [" ".join(line) for line in drawn([samples.healthy()], complete=False)]
    assert "nothing was lost by the tracer" not in text
    assert any("cut off" in line for line in text)
