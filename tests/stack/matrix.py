"""The swap matrix: what each scenario gave before each stack, as a table for the terminal."""

WORDS = {"passed": "ok", "xpassed": "ok", "skipped": "skip", "xfailed": "fail"}


def outcomes(stats, prefix):
    """{(row, column): word} of the tests PREFIX[ROW-COLUMN] in pytest's statistics."""
    found = {}
    for kind in ("passed", "xpassed", "xfailed", "skipped", "failed", "error"):
        for report in stats.get(kind, []):
            head, _, rest = report.nodeid.partition("[")
            if head.endswith(prefix) and rest:
                row, _, column = rest.rstrip("]").rpartition("-")
                found[row, column] = WORDS.get(kind, "FAIL")
    return found


def lines(rows, columns, found, absent):
    """The table. rows: {id: label}; absent: {(row, column): why there is no such test}."""
    shown = [row for row in rows if any((row, column) in found for column in columns)]
    if not shown:
        return []
    width = max(len(rows[row]) for row in shown)
    sizes = [max(len(column), 4) for column in columns]
    reasons = sorted({absent[row, column] for row in shown for column in columns
                      if (row, column) in absent})

    def cell(row, column):
        if (row, column) in absent:
            return f"({reasons.index(absent[row, column]) + 1})"
        return found.get((row, column), "")

    def line(label, cells):
        return f"{label:{width}}  " + " ".join(
            f"{text:^{size}}" for text, size in zip(cells, sizes)).rstrip()
    return [line("", columns), *(line(rows[row], [cell(row, column) for column in columns])
                                 for row in shown),
            *(f"({i + 1}) skipped: {reason}" for i, reason in enumerate(reasons))]
