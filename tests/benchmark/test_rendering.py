"""Tables as text and as pictures."""

import csv
import io
import shutil
import subprocess
from dataclasses import replace

import pytest
from PIL import Image
from rich.console import Console

from osrae.benchmark.published import Printed
from osrae.benchmark.rendering import (
    SUFFIXES,
    to_csv,
    to_latex,
    to_markdown,
    to_terminal,
    write_table,
)
from osrae.benchmark.table_picture import draw_table
from osrae.benchmark.tables.model import Row, Style, Table, Value

PERCENT = Style(2, scale=100)


@pytest.fixture
def table():
    values = (
        Value(PERCENT, (90.0, 91.0), Printed(92.5, 0.25), bold=True),
        Value(PERCENT, printed=Printed(50.0), printed_bold=True),
        Value(PERCENT, failed=True),
    )
    return Table(
        r"All of A&B_1 | 100 % {x} \y", ("data", "✓"), ("a_b", "c|d", "[red]*e*"),
        (Row(("<i>", "×"), values), Row(("$2", "~^#"), (values[1], values[2], values[0]))),
        (r"√(A · 2) − <b>bold</b> & \evil{$x_1$} #1",),
    )  # fmt: skip


def test_markdown_escapes_what_would_be_markup(table):
    lines = to_markdown(table).splitlines()
    assert lines[0] == r"**All of A&amp;B\_1 \| 100 % {x} \\y**"
    assert lines[2] == r"| data | ✓ |  | a\_b | c\|d | \[red\]\*e\* |"
    assert lines[3] == "| :-- | :-- | :-- | --: | --: | --: |"
    assert lines[4] == r"| \<i\> | × | measured | **90.50 ± 0.71** | – | failed |"
    assert lines[5] == "|  |  | paper | 92.50 ± 0.25 | **50.00** | – |"
    assert lines[6] == "|  |  | difference | −2.00 | – | – |"
    assert lines[-1] == r"- √(A · 2) − \<b\>bold\</b\> &amp; \\evil{\$x\_1\$} \#1"


def test_latex_escapes_what_would_be_a_command(table):
    text = to_latex(table)
    assert r"\caption{All of A\&B\_1 \textbar{} 100 \% \{x\} \textbackslash{}y}" in text
    assert r"\begin{tabular}{lllrrr}" in text
    assert r"data & $\checkmark$ &  & a\_b & c\textbar{}d & [red]*e* \\" in text
    assert (
        r"\textless{}i\textgreater{} & $\times$ & measured & \textbf{90.50 $\pm$ 0.71} & -- & "
        r"failed \\"
    ) in text
    assert r" &  & difference & $-$2.00 & -- & -- \\" in text
    assert r"\$2 & \textasciitilde{}\textasciicircum{}\# & measured" in text
    assert r"$\sqrt{}$(A $\cdot$ 2)" in text
    assert r"\textbackslash{}evil\{\$x\_1\$\} \#1\par" in text
    assert text.count("\\addlinespace") == 1
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 1


def test_latex_numbers_its_tables_itself(table):
    text = to_latex(replace(table, caption="Table 12. Areas, in %."))
    assert r"\caption{Areas, in \%. (Table 12 of the paper)}" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_latex_compiles(table, tmp_path):
    write_table(table, tmp_path / "table.tex")
    packages = "".join(rf"\usepackage{{{name}}}" for name in ("amssymb", "booktabs", "graphicx"))
    (tmp_path / "whole.tex").write_text(
        rf"\documentclass{{article}}{packages}\begin{{document}}\input{{table}}\end{{document}}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "whole.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


def test_csv_has_unrounded_numbers_one_value_a_line(table):
    rows = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert len(rows) == 6
    first = rows[0]
    assert (first["data"], first["✓"], first["column"]) == ("<i>", "×", "a_b")
    assert float(first["sd"]) == pytest.approx(0.5**0.5)
    assert {name: first[name] for name in ("measured", "seeds", "paper", "paper_sd", "difference",
                                           "best", "state")} == {
        "measured": "90.5", "seeds": "2", "paper": "92.5", "paper_sd": "0.25",
        "difference": "-2.0", "best": "True", "state": "measured",
    }  # fmt: skip
    assert [row["state"] for row in rows[:3]] == ["measured", "missing", "failed"]
    assert (rows[1]["measured"], rows[1]["difference"], rows[1]["paper"]) == ("", "", "50.0")


def test_the_terminal_shows_texts_as_they_are(table):
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(to_terminal(table))
    text = console.export_text()
    assert "[red]*e*" in text
    assert "90.50 ± 0.71" in text
    assert r"All of A&B_1 | 100 % {x} \y" in text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_of_every_kind(table, tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    write_table(table, path)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    if suffix == ".png":
        with Image.open(path) as picture:
            assert min(picture.size) > 300
    else:
        assert "90.5" in path.read_text() or suffix == ".svg"
    if suffix == ".svg":
        assert path.read_text().rstrip().endswith("</svg>")


def test_no_text_of_a_picture_is_cut_off_or_lies_on_another(table):
    figure = draw_table(table)
    figure.canvas.draw()
    (axes,) = figure.axes
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text().strip()]
    width, height = figure.canvas.get_width_height()
    for number, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height
        assert not any(box.shrunk(0.98, 0.7).overlaps(other) for other in boxes[number + 1 :])


def test_a_table_is_as_tall_as_its_notes_need():
    value = Value(PERCENT, (90.0,))
    short = Table("T", ("data",), ("a",), (Row(("x",), (value,)),))
    noted = Table("T", ("data",), ("a",), short.rows, ("a word and " * 60,) * 3)
    assert draw_table(noted).get_figheight() > draw_table(short).get_figheight() + 1
