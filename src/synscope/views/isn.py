"""Who makes a peer's initial sequence numbers, and how that is known."""

from collections.abc import Iterator

from rich.text import Text

from synscope.connections.isns import Peer
from synscope.tcp.isn.classify import KEYED, Analysis
from synscope.tcp.isn.clock import FEWEST, Clock
from synscope.tcp.isn.evidence import Evenness
from synscope.tcp.isn.generators import BSD_STEP, SPACE
from synscope.tcp.isn.guess import WINDOW
from synscope.views.isn_plot import plot
from synscope.views.lines import flow
from synscope.views.style import NOTE, STATE, TITLE, Style

WORDS: dict[str, str] = {
    "constant": "constant: every connection gets the same number",
    "rfc793": "RFC 793's clock: one step each 4 µs, the same for every connection",
    "clock": "a clock",
    "bsd44": "4.4BSD's counter: 64,000 more for each connection and for each half second",
    "small-increment": "a counter that each connection raises",
    "rising": "it rises, with time or with each connection: these samples do not tell which",
    "linux": "RFC 6528 as Linux has it: a clock of one step each 64 ns, plus a keyed hash of the 4-tuple",
    "rfc6528": "RFC 6528: a clock, plus a keyed hash of the 4-tuple",
    "keyed-counter": "a counter that connections raise, plus a keyed hash of the 4-tuple",
    "syn-cookies": "SYN cookies: the number is made of the client's own, the minute and keyed hashes of the "
    "4-tuple, so that the server need keep nothing",
    "random": "random: neither a clock nor a counter is in it",
    "unpredictable": "random, or keyed by the 4-tuple: none came back often enough to tell",
    "unknown": "none of the generators that synscope knows: no line, but not random either",
    "too-few": f"not known: fewer than {FEWEST} numbers",
}
_FORGED = {"server": "an ACK that ends a handshake", "client": "a SYN-ACK that is taken"}
"""What somebody forges who guesses the number of that side."""
_LABEL = 13


def isn(peer: Peer, analysis: Analysis, style: Style) -> Iterator[Text]:
    """The verdict, its evidence line by line, and the plot."""
    yield from _sentence(_seen(peer, analysis, style), style, TITLE)
    yield from _sentence(WORDS[analysis.generator], style, STATE)
    if analysis.generator == "too-few":
        return
    yield Text()
    for label, words in _evidence(analysis, _FORGED[peer.side], style):
        yield from _entry(label, words, style)
    yield Text()
    yield from plot(peer, style)


def _seen(peer: Peer, analysis: Analysis, style: Style) -> str:
    count, again = analysis.samples, analysis.repeated
    made = f"{count} connection{'s' * (count != 1)} in {style.duration(analysis.span_ns)}"
    flows = f", {again} of them on one 4-tuple" if again > 1 else ""
    return f"{style.clean(peer.name)} as {peer.side}: {made}{flows}"


def _evidence(analysis: Analysis, forged: str, style: Style) -> Iterator[tuple[str, str]]:
    line = analysis.clock
    if analysis.steps is not None:
        yield from _counter(analysis)
    elif line is not None and analysis.generator != "keyed-counter":
        yield from _line(line, style)
    if analysis.even is not None:
        yield ("offsets" if analysis.generator in KEYED else "spread"), _even(analysis.even)
    if analysis.line is not None:
        power, chance = analysis.line.power, _chance(analysis.line.p)
        yield "spectrum", f"{power:.1%} of the power is in one line; for random numbers {chance}"
    yield from _special(analysis)
    if analysis.nmap is not None:
        found = analysis.nmap
        measures = f"GCD {found.gcd:X}  ISR {found.isr:X}  SP {found.sp:X}"
        yield "nmap's", f"{measures}, hexadecimal, of {found.samples} numbers"
    if analysis.guess is not None:
        guess = analysis.guess
        yield (
            "next number",
            (
                f"{guess.handshake:.1f} bits to guess for {forged}, {guess.window:.1f} to hit a window "
                f"of {WINDOW:,}"
            ),
        )


def _line(line: Clock, style: Style) -> Iterator[tuple[str, str]]:
    rate, low, high = line.per_second, line.low, line.high
    yield "rate", f"{rate:,.0f} a second (95 %: {low:,.0f} to {high:,.0f})"
    if rate <= 0:
        return
    yield "one step each", f"{_tick(line.tick_ns, style)}; comes round after {_round(rate, style)}"
    near, far = (style.duration(round(each / rate * 1e9)) for each in (line.residual, line.residual95))
    yield (
        "residuals",
        (
            f"median {line.residual:,.0f} ({near}), 95 % below {line.residual95:,.0f} ({far}), "
            f"of {line.samples} numbers"
        ),
    )


def _tick(tick_ns: float, style: Style) -> str:
    if tick_ns < 1000:
        return f"{tick_ns:.3f} ns"
    return f"{tick_ns / 1000:.4f} {style.glyphs.micro}s"


def _round(rate: float, style: Style) -> str:
    return style.duration(round(SPACE / rate * 1e9))


def _counter(analysis: Analysis) -> Iterator[tuple[str, str]]:
    steps = analysis.steps
    assert steps is not None
    yield "steps", f"{steps.least:,} to {steps.most:,}, {steps.mean:,.1f} on average"
    if analysis.generator == "bsd44":
        more = (steps.mean / BSD_STEP - 1) * (analysis.samples - 1) / (analysis.span_ns / 1e9)
        yield "clock", f"{more:.1f} steps of {BSD_STEP:,} a second beyond one a connection; 4.4BSD has 2"


def _even(even: Evenness) -> str:
    chance = _chance(even.p)
    freedom = f"{even.freedom} degrees of freedom"
    return f"χ² = {even.chi2:.1f} with {freedom}, of {even.samples} numbers; if even, {chance}"


def _chance(p: float) -> str:
    return f"p={p:.2f}" if p >= 0.01 else f"p={p:.0e}" if p >= 1e-12 else "p<1e-12"


def _special(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """What else tells who answers."""
    if analysis.cookies:
        yield "SYN cookies", f"{analysis.cookies} of {analysis.samples}, as the server itself has it"
    if analysis.zero_windows:
        yield (
            "window 0",
            (f"in {analysis.zero_windows} SYN-ACKs: a SYN proxy answers for the peer, as nf_synproxy does"),
        )


def _sentence(text: str, style: Style, ink: str) -> Iterator[Text]:
    return flow(_words(text, style, ink), style.columns, indent=0, gap=" ")


def _entry(label: str, text: str, style: Style) -> Iterator[Text]:
    """A label and what belongs to it, further lines below its first word."""
    lead = Text(f"  {label.ljust(_LABEL)}", NOTE)
    return flow([lead, *_words(text, style, "")], style.columns, indent=lead.cell_len + 1, gap=" ")


def _words(text: str, style: Style, ink: str) -> Iterator[Text]:
    return (Text(word, ink) for word in _plain(text, style).split())


def _plain(text: str, style: Style) -> str:
    """Greek letters, where the terminal lacks them."""
    return text.replace("χ²", "chi2").replace("µ", "u") if style.ascii else text
