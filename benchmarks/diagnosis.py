"""How often the first finding is the right one: all scenarios, several times, and healthy connections.

    python benchmarks/diagnosis.py [--times 5] [--detail path] [--healthy 10000] [--only NAME ...]

Needs root. The exit status is 1 unless every first finding was the expected one, every witness saw what it
should, and no healthy connection had a finding.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from synscope.cli.recording import Recording
from synscope.cli.scenario import play
from synscope.diagnosis.diagnose import diagnosed
from synscope.lab.stage.catalogue import Detail, Scenario, names, scenario
from synscope.lab.stage.needs import missing
from synscope.lab.stage.verdict import verdict

NONE = "(none)"
MIXED = (
    "healthy-mixed",
    "healthy-thousand",
    "healthy-ipv6",
    "healthy-dual-stack",
    "healthy-delayed",
    "healthy",
)

Matrix = dict[str, Counter[str]]


def main() -> None:
    """Play, count, print."""
    given = arguments()
    matrix, unseen = confusion(playable(given.only or names(), given.detail), given.detail, given.times)
    wrong = print_matrix(matrix, unseen, given)
    accused = healthy(given.healthy, given.detail)
    sys.exit(1 if wrong or unseen or accused else 0)


def arguments() -> argparse.Namespace:
    """The command line's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=5, help="how often each scenario is played")
    parser.add_argument("--detail", choices=get_args(Detail), default="path")
    parser.add_argument("--healthy", type=int, default=10_000, help="healthy connections, 0: none")
    parser.add_argument("--only", action="append", choices=names(), metavar="NAME")
    return parser.parse_args()


def playable(wanted: Sequence[str], detail: Detail) -> list[Scenario]:
    """Those that hold in this detail and can be built here; the others are named."""
    found = [scenario(name) for name in wanted]
    for one in found:
        why = "not in this detail" if one.expected(detail) is None else missing(one.needs)
        if why:
            print(f"left out: {one.name}: {why}")
    return [one for one in found if one.expected(detail) is not None and not missing(one.needs)]


def confusion(scenarios: Sequence[Scenario], detail: Detail, times: int) -> tuple[Matrix, list[str]]:
    """First findings by the scenario's name; and who played without its witnesses seeing the fault."""
    matrix: Matrix = {one.name: Counter() for one in scenarios}
    unseen = []
    for _ in range(times):
        for one in scenarios:
            played = play(one, detail, Recording(None))
            if not played.report.held:
                unseen.append(f"{one.name}: {played.report}")
                continue
            codes = verdict(played.trace, played.report.subject)
            matrix[one.name][codes[0] if codes else NONE] += 1
    return matrix, unseen


def print_matrix(matrix: Matrix, unseen: Sequence[str], given: argparse.Namespace) -> int:
    """A row a scenario; how many were wrong."""
    print(f"\n{len(matrix)} scenarios, {given.times} times each, {given.detail} detail\n")
    print("| scenario | expected | first finding |\n|---|---|---|")
    right = 0
    for name, found in matrix.items():
        codes = scenario(name).expected(given.detail) or (NONE,)
        right += found[codes[0]]
        cells = ", ".join(f"{code} {count}" for code, count in found.most_common())
        print(f"| {name} | {codes[0]} | {cells}{'' if set(found) <= {codes[0]} else ' **wrong**'} |")
    played = sum(found.total() for found in matrix.values())
    print(f"\nright: {right} of {played}" + (f", {100 * right / played:.1f} %" if played else ""))
    for line in unseen:
        print(f"did not happen: {line}")
    return played - right


def healthy(wanted: int, detail: Detail) -> int:
    """Play healthy scenarios until so many connections were seen; how many of them had a finding."""
    kinds = [scenario(name) for name in MIXED if not missing(scenario(name).needs)]
    seen, accused = 0, Counter[str]()
    while seen < wanted:
        for one in kinds:
            for connection in diagnosed(play(one, detail, Recording(None)).trace):
                seen += 1
                accused.update(finding.code for finding in connection.findings[:1])
    print(f"healthy connections: {seen}, with a finding: {accused.total()} {dict(accused) or ''}")
    return accused.total()


if __name__ == "__main__":
    main()
