# SPDX-License-Identifier: MIT
"""Figures: what they are, the table of them, and what is kept of them in bench.json."""
import dataclasses
import json
import os
import typing

from tools import B

KEPT = B / "bench.json"
# A group whose two columns are not ours and stock Xen's.
ACCESS = "one access of a guest"
COLUMNS = {ACCESS: ("in Xen", "vsiod")}


@dataclasses.dataclass
class Figure:
    """One line of the table."""
    name: str  # in bench.json
    group: str
    title: str
    ours: float
    stock: typing.Optional[float] = None
    limit: typing.Optional[float] = None
    least: bool = False  # the limit is from below
    timed: bool = False  # it depends on the machine and what else it does: shown, no more

    def missed(self):
        if self.limit is None:
            return False
        return self.ours < self.limit if self.least else self.ours > self.limit

    def cells(self, before):
        ratio = None if not self.stock else self.ours / self.stock
        limit = text(self.limit) if self.limit is None else (
            (">= " if self.least else "<= ") + text(self.limit))
        change = None if before is None else self.ours - before
        return (self.title, text(self.ours), text(self.stock), text(ratio, "%.3g"), limit,
                text(change, "%+g"))


def text(number, form="%g"):
    if number is None:
        return "-"
    if isinstance(number, int) and form == "%g":
        return str(number)
    return form % number


KEPT_WORD = " (kept)"  # of a group that was measured at another time


def load():
    """Figures that were kept, by name."""
    try:
        return {name: Figure(name=name, **fields)
                for name, fields in json.loads(KEPT.read_text()).items()}
    except (OSError, ValueError, TypeError):
        return {}


def keep(figures):
    """Put these in; those of other runs stay. -> all, and what there was."""
    before = load()
    together = {**before, **{figure.name: figure for figure in figures}}
    data = {name: dataclasses.asdict(figure) for name, figure in together.items()}
    for fields in data.values():
        del fields["name"]
    new = KEPT.with_suffix(".json.new")
    new.write_text(json.dumps(data, indent=2) + "\n")
    os.replace(new, KEPT)
    return together, before


ROW = "%-46s%9s%9s%8s%9s%9s"


def columns(group):
    return COLUMNS.get(group.removesuffix(KEPT_WORD), ("ours", "stock"))


def show(figures, before):
    """The table. -> titles of those that are beyond their limits, but for timed ones."""
    group = None
    for figure in figures:
        if figure.group != group:
            group = figure.group
            print("\n" + ROW % (group, *columns(group), "ratio", "limit", "change"))
        last = before.get(figure.name)
        print(ROW % figure.cells(last and last.ours))
    return [figure.title for figure in figures if figure.missed() and not figure.timed]
