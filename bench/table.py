"""The rows that a bench finds: printed as a markdown table, kept as JSON for the picture."""

import json
import statistics
import sys


def shown(values):
    """Minimum / median; for what shall be large, maximum / median is `best` first too."""
    def short(value):
        return f"{value:.3g}" if value < 100 else f"{value:.0f}"
    if not values:
        return "-"
    text = short(values[0])
    return text + (f" / {short(statistics.median(values))}" if len(values) > 1 else "")


class Table:
    """Rows of (what, unit, ours, theirs); lists of numbers, the best one first."""

    def __init__(self):
        self.rows = []

    def add(self, what, unit, ours, theirs, more_is_better=False):
        ours, theirs = (sorted(side, reverse=more_is_better) for side in (ours, theirs))
        self.rows.append({"what": what, "unit": unit, "ours": ours, "theirs": theirs,
                          "ratio": ratio(ours, theirs, more_is_better)})
        print(*cells(self.rows[-1]), sep="  ", file=sys.stderr, flush=True)

    def print(self):
        print("| what | unit | Lighter | Debian's docker | times better |")
        print("| --- | --- | ---: | ---: | ---: |")
        for row in self.rows:
            print("| " + " | ".join(cells(row)) + " |")

    def save(self, path, machine):
        path.write_text(json.dumps({"machine": machine, "rows": self.rows}, indent=1) + "\n")


def ratio(ours, theirs, more_is_better):
    """How many times better ours is, by the best of each; None where one was not measured."""
    if not ours or not theirs or not ours[0] or not theirs[0]:
        return None
    return ours[0] / theirs[0] if more_is_better else theirs[0] / ours[0]


def cells(row):
    times = f"{row['ratio']:.1f}" if row["ratio"] is not None else "-"
    return row["what"], row["unit"], shown(row["ours"]), shown(row["theirs"]), times
