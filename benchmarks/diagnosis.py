"""How often the first finding is the right one: all scenarios, several times, and healthy connections.

    python benchmarks/diagnosis.py [--times 5] [--detail path] [--healthy 10000] [--only NAME] [--kernel K]

Needs root. What this kernel cannot build is played in the lab, and with --kernel all of it. The exit status
is 1 unless every first finding was the expected one, every witness saw what it should, and no healthy
connection had a finding.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from synscope.cli.guest_scenario import play_in_guest
from synscope.cli.recording import Recording
from synscope.cli.scenario import Played, play
from synscope.diagnosis.diagnose import diagnosed
from synscope.lab.stage.catalogue import Detail, Scenario, names, scenario
from synscope.lab.stage.needs import lacking, missing_in_guest
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
    matrix, unseen = confusion(playable(given.only or names(), given), given)
    wrong = print_matrix(matrix, unseen, given)
    accused = healthy(given)
    sys.exit(1 if wrong or unseen or accused else 0)


def arguments() -> argparse.Namespace:
    """The command line's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=5, help="how often each scenario is played")
    parser.add_argument("--detail", choices=get_args(Detail), default="path")
    parser.add_argument("--healthy", type=int, default=10_000, help="healthy connections, 0: none")
    parser.add_argument("--only", action="append", choices=names(), metavar="NAME")
    parser.add_argument("--kernel", help="play all of it in the lab, on this kernel")
    return parser.parse_args()


def playable(wanted: Sequence[str], given: argparse.Namespace) -> list[Scenario]:
    """Those that hold in this detail and can be built; the others are named."""
    found = []
    for one in map(scenario, wanted):
        why = _why_not(one, given)
        if why:
            print(f"left out: {one.name}: {why}")
        else:
            found.append(one)
    return found


def _why_not(one: Scenario, given: argparse.Namespace) -> str | None:
    if one.expected(given.detail) is None:
        return "not in this detail"
    if given.detail != "path" and _in_guest(one, given):
        return "the lab's guests trace in path detail only"
    return missing_in_guest(one.needs)


def _in_guest(one: Scenario, given: argparse.Namespace) -> bool:
    return bool(given.kernel or lacking(one.needs))


def played(one: Scenario, given: argparse.Namespace) -> Played:
    """Play it where it can be played."""
    if _in_guest(one, given):
        return play_in_guest(one, given.detail, given.kernel, Recording(None))
    return play(one, given.detail, Recording(None))


def confusion(scenarios: Sequence[Scenario], given: argparse.Namespace) -> tuple[Matrix, list[str]]:
    """First findings by the scenario's name; and who played without its witnesses seeing the fault."""
    matrix: Matrix = {one.name: Counter() for one in scenarios}
    unseen = []
    for _ in range(given.times):
        for one in scenarios:
            told = played(one, given)
            if not told.report.held:
                unseen.append(f"{one.name}: {told.report}")
                continue
            codes = verdict(told.trace, told.report.subject)
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
    plays = sum(found.total() for found in matrix.values())
    print(f"\nright: {right} of {plays}" + (f", {100 * right / plays:.1f} %" if plays else ""))
    for line in unseen:
        print(f"did not happen: {line}")
    return plays - right


def healthy(given: argparse.Namespace) -> int:
    """Play healthy scenarios until so many connections were seen; how many of them had a finding."""
    kinds = playable(MIXED, given)
    seen, accused = 0, Counter[str]()
    while seen < given.healthy:
        for one in kinds:
            for connection in diagnosed(played(one, given).trace):
                seen += 1
                accused.update(finding.code for finding in connection.findings[:1])
    print(f"healthy connections: {seen}, with a finding: {accused.total()} {dict(accused) or ''}")
    return accused.total()


if __name__ == "__main__":
    main()
