"""Mutants that live, each printed with the reason for it in tests/survivors.yml."""

from collections.abc import Iterable

import yaml

from scripts.project import ROOT

SURVIVORS = ROOT / "tests/survivors.yml"


def report(made_from: str, kinds: Iterable[tuple[str, dict[str, bool]]]) -> int:
    """Print what was killed of each kind, and every survivor. `made_from` is a section of survivors.yml.

    An outcome says of a mutant, by its name, whether it was killed. Returns the exit status: 1 where a
    survivor has no reason, or a reason no survivor.
    """
    explained = {
        name: entry["reason"]
        for entry in yaml.safe_load(SURVIVORS.read_text(encoding="utf-8"))[made_from]
        for name in entry["mutants"].splitlines()
    }
    met: set[str] = set()
    for kind, outcomes in kinds:
        survivors = [name for name, killed in outcomes.items() if not killed]
        met |= set(survivors)
        killed = len(outcomes) - len(survivors)
        print(f"{kind}: {killed} of {len(outcomes)} mutants killed, {killed / len(outcomes):.1%}", flush=True)
        for name in survivors:
            print(f"  {name}\n    {explained.get(name, 'NO REASON given: mend a test, or say why')}")
    idle = explained.keys() - met
    for name in sorted(idle):
        print(f"tests/survivors.yml explains what is killed or no mutant any more: {name}")
    return 1 if met - explained.keys() or idle else 0
