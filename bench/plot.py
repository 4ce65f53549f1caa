"""Draws the rows of a bench as an SVG: one bar a row, on a logarithmic scale of "times better"."""

import math
from html import escape

WIDTH, LEFT, ROW, TOP = 860, 400, 22, 58
COLOUR = {"ms": "#2a78b8", "KB": "#2e9e6b", "KiB": "#8a6fc0", "1/s": "#2a78b8", "": "#c07f2a"}


def plot(path, machine, rows):
    rows = [row for row in rows if row["ratio"]]
    most = max(row["ratio"] for row in rows)
    scale = (WIDTH - LEFT - 60) / math.log10(max(most, 10) * 1.05)
    height = TOP + ROW * len(rows) + 40
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             f'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
             '<text x="12" y="22" font-size="15" font-weight="bold">How many times better than '
             "Debian's docker (logarithmic)</text>"]
    for times in (1, 2, 5, 10, 20, 50):
        if times > most * 1.05:
            break
        x = LEFT + scale * math.log10(times)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 30}" '
                     f'stroke="#ddd"/><text x="{x:.1f}" y="{TOP - 12}" text-anchor="middle" '
                     f'fill="#666">{times}</text>')
    for n, row in enumerate(rows):
        y = TOP + n * ROW
        length = max(1.0, scale * math.log10(max(row["ratio"], 1)))
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end">'
            f'{escape(row["what"].replace("`", ""))}</text>'
            f'<rect x="{LEFT}" y="{y + 3}" width="{length:.1f}" height="{ROW - 7}" '
            f'fill="{COLOUR.get(row["unit"], "#777")}"/>'
            f'<text x="{LEFT + length + 6:.1f}" y="{y + 14}">{row["ratio"]:.1f}</text>')
    parts.append(f'<text x="12" y="{height - 10}" font-size="9" fill="#666">'
                 f'{escape(machine)}</text></svg>')
    path.write_text("\n".join(parts) + "\n")
