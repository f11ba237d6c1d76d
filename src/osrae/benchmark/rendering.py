"""A table of results as Markdown, LaTeX, CSV or a picture, and for the terminal."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from rich import box
from rich.markup import escape
from rich.table import Table as RichTable

from osrae.benchmark.tables.model import Table, Text
from osrae.storage import atomic_file, explain_os_errors

__all__ = ["SUFFIXES", "to_csv", "to_latex", "to_markdown", "to_terminal", "write_table"]

#: Kinds of files that a table can be written to.
SUFFIXES = (".md", ".tex", ".csv", ".png", ".svg")

_LATEX_CHARACTERS = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    "±": r"$\pm$", "−": r"$-$", "✓": r"$\checkmark$", "×": r"$\times$", "·": r"$\cdot$",
    "√": r"$\sqrt{}$", "α": r"$\alpha$", "χ": r"$\chi$", "²": r"$^2$", "–": "--", "…": r"\ldots{}",
}  # fmt: skip
_NUMBER = re.compile(r"^Table (\d+)\. (.*)$", re.DOTALL)
_MARKDOWN_CHARACTERS = re.compile(r"([\\`*_\[\]<>|~#$])")


def to_markdown(table: Table) -> str:
    """Write a table as Markdown of GitHub; the caption is in bold, notes are a list."""
    heads = [_in_markdown(head) for head in table.heads]
    left = table.n_left
    rule = [":--"] * left + ["--:"] * len(table.columns)
    lines = [f"**{_in_markdown(table.caption)}**", "", _row(heads), _row(rule)]
    for line in table.lines():
        cells = [_bold_markdown(cell) for cell in line.cells]
        lines.append(_row([*map(_in_markdown, line.heads), *cells]))
    lines += ["", *(f"- {_in_markdown(note)}" for note in table.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _in_markdown(text: str) -> str:
    """Escape what Markdown or HTML would take for markup."""
    return _MARKDOWN_CHARACTERS.sub(r"\\\1", " ".join(text.split())).replace("&", "&amp;")


def _bold_markdown(cell: Text) -> str:
    text = _in_markdown(cell.text)
    return f"**{text}**" if cell.bold else text


def to_latex(table: Table) -> str:
    r"""Write a table as a LaTeX float, for the packages amssymb, booktabs and graphicx.

    It is scaled down where it is wider than a line. Groups of rows are set apart; notes are in
    footnote size below. LaTeX numbers its tables itself: the paper's number stands at the end.
    """
    left = table.n_left
    caption = _NUMBER.sub(r"\2 (Table \1 of the paper)", table.caption)
    lines = [
        "% needs \\usepackage{amssymb}, \\usepackage{booktabs} and \\usepackage{graphicx}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{_in_latex(caption)}}}",
        "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%",
        f"\\begin{{tabular}}{{{'l' * left}{'r' * len(table.columns)}}}",
        "\\toprule",
        _latex_row([_in_latex(head) for head in table.heads]),
        "\\midrule",
    ]
    for number, line in enumerate(table.lines()):
        if line.starts and number:
            lines.append("\\addlinespace")
        cells = [_bold_latex(cell) for cell in line.cells]
        lines.append(_latex_row([*map(_in_latex, line.heads), *cells]))
    lines += ["\\bottomrule", "\\end{tabular}}"]
    if table.notes:
        lines += ["", "\\smallskip", "\\raggedright\\footnotesize"]
        lines += [f"{_in_latex(note)}\\par" for note in table.notes]
    return "\n".join([*lines, "\\end{table}"]) + "\n"


def _latex_row(cells: list[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _in_latex(text: str) -> str:
    """Escape what LaTeX would take for commands; signs it lacks become commands."""
    return "".join(_LATEX_CHARACTERS.get(sign, sign) for sign in " ".join(text.split()))


def _bold_latex(cell: Text) -> str:
    text = _in_latex(cell.text)
    return f"\\textbf{{{text}}}" if cell.bold else text


def to_csv(table: Table) -> str:
    """Write the values of a table one a line, unrounded, for programmes; notes are left out.

    Columns are the table's stubs, ``column``, ``measured`` (mean), ``sd``, ``seeds``, ``paper``,
    ``paper_sd``, ``difference``, ``best`` and ``state``: measured, failed or missing. Empty is
    what there is not. ``best`` is what the table prints in bold.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*table.stub_heads, "column", "measured", "sd", "seeds", "paper", "paper_sd",
                     "difference", "best", "state"])  # fmt: skip
    for row in table.rows:
        for column, value in zip(table.columns, row.values, strict=True):
            paper = value.printed
            state = "measured" if value.runs else "failed" if value.failed else "missing"
            writer.writerow([
                *row.stubs, column, value.mean, value.sd,
                len(value.runs) if value.over_seeds else None,
                paper and paper.value, paper and paper.sd, value.difference,
                value.bold, state,
            ])  # fmt: skip
    return text.getvalue()


def to_terminal(table: Table) -> RichTable:
    """Lay a table out for the terminal; print the notes below it."""
    shown = RichTable(title=escape(table.caption), title_justify="left", box=box.SIMPLE_HEAD)
    left = table.n_left
    for number, head in enumerate(table.heads):
        shown.add_column(escape(head), justify="left" if number < left else "right",
                         overflow="fold", no_wrap=number == left - 1)  # fmt: skip
    for number, line in enumerate(table.lines()):
        if line.starts and number:
            shown.add_section()
        cells = [f"[bold]{escape(c.text)}[/bold]" if c.bold else escape(c.text) for c in line.cells]
        shown.add_row(*map(escape, line.heads), *cells)
    return shown


_WRITERS: Mapping[str, Callable[[Table], str]] = {
    ".md": to_markdown, ".tex": to_latex, ".csv": to_csv,
}  # fmt: skip


def write_table(table: Table, path: Path) -> None:
    """Write a table to a file, whole or not at all.

    Parameters
    ----------
    table : Table
    path : Path
        Its ending, one of `SUFFIXES`, says as what.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    suffix = path.suffix.lower()
    with explain_os_errors(path), atomic_file(path) as temporary:
        if suffix in _WRITERS:
            temporary.write_text(_WRITERS[suffix](table), encoding="utf-8")
        else:
            from osrae.benchmark.table_picture import draw_table

            draw_table(table).savefig(temporary)
