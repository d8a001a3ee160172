"""People by protected attribute: who is in which group, small groups merged, counts per group.

Groups under the privacy floor are merged before anything is computed or kept, so that no number in evidence is about
a handful of people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.evidence.naming import tokens
from adapters.evidence.performance_sklearn import Counts, count

MERGED = "merged"
NOT_STATED = "not-stated"
MAX_GROUPS = 50


@dataclass(frozen=True, slots=True)
class Grouping:
    """The group (a token) of each row, in the order of the rows, and how many groups were merged for being small."""

    of_row: tuple[str, ...]
    merged: int

    @property
    def names(self) -> list[str]:
        """The groups, sorted."""
        return sorted(set(self.of_row))


def group(cells: Sequence[str], floor: int) -> Grouping:
    """Group rows by the text of a cell; empty cells are a group of their own.

    Groups of fewer than `floor` rows are merged; if all of them together are still fewer, the next smallest joins.
    """
    sizes = Counter(cells)
    small = [name for name in sizes if sizes[name] < floor]
    rest = sorted((name for name in sizes if sizes[name] >= floor), key=lambda name: (sizes[name], name))
    while small and rest and sum(sizes[name] for name in small) < floor:
        small.append(rest.pop(0))
    originals = sorted(sizes)
    spoken = tokens([name or NOT_STATED for name in originals], "group")
    known = dict(zip(originals, spoken, strict=True))
    together = MERGED if MERGED not in spoken else f"{MERGED}-groups"
    gone = frozenset(small)
    return Grouping(tuple(together if cell in gone else known[cell] for cell in cells), len(small))


def tables(grouping: Grouping, labels: Sequence[bool], predictions: Sequence[bool]) -> dict[str, Counts]:
    """The confusion table of each group, by name, sorted."""
    rows: dict[str, tuple[list[bool], list[bool]]] = {name: ([], []) for name in grouping.names}
    for name, label, prediction in zip(grouping.of_row, labels, predictions, strict=True):
        rows[name][0].append(label)
        rows[name][1].append(prediction)
    return {name: count(*pair) for name, pair in rows.items()}


def spread(values: Sequence[float]) -> float:
    """Largest less smallest; 0.0 for a single value."""
    return max(values) - min(values)


def selection_rates(by_group: dict[str, Counts]) -> list[float]:
    """Share of each group that is predicted positive."""
    return [table.selected / table.n for table in by_group.values()]


def odds_difference(by_group: dict[str, Counts]) -> float | None:
    """The larger spread of true and of false positive rates; None where a group has no positives or no negatives."""
    if any(table.positives in (0, table.n) for table in by_group.values()):
        return None
    hits = [table.tp / table.positives for table in by_group.values()]
    alarms = [table.fp / (table.n - table.positives) for table in by_group.values()]
    return max(spread(hits), spread(alarms))
