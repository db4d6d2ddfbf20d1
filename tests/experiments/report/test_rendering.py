"""Tables as Markdown, LaTeX and HTML, to the letter."""

import shutil
import subprocess

import pytest

from miqrec.experiments.report.rendering import html, latex, to_html, to_latex, to_markdown
from miqrec.experiments.report.tables import Cell, Table

TABLE = Table(
    title="Scores",
    columns=("", "HR@10"),
    rows=(
        (Cell("SASRec_F"), Cell(".0500 ± .0100", beside=".0486")),
        (Cell("a & b"), Cell(".0600", mark="*", best=True)),
    ),
    notes=("Two users.", "* better."),
)


def test_markdown():
    assert to_markdown(TABLE) == "\n".join(
        [
            "### Scores",
            "",
            "|  | HR@10 |",
            "| --- | ---: |",
            "| SASRec_F | .0500 ± .0100 (.0486) |",
            r"| a & b | **.0600**\* |",
            "",
            r"Two users. \* better.",
        ]
    )


def test_latex():
    lines = to_latex(TABLE).splitlines()

    assert lines[3] == r"\begin{tabular}{lr}"
    assert lines[4:8] == [
        r"\toprule",
        r" & HR@10 \\",
        r"\midrule",
        r"SASRec$_\mathrm{F}$ & .0500 $\pm$ .0100 {\small (.0486)} \\",
    ]
    assert lines[8] == r"a \& b & \textbf{.0600}$^*$ \\"


def test_html():
    (_, baseline), (name, best) = TABLE.rows

    assert to_html(baseline) == ".0500 ± .0100 <small>(.0486)</small>"
    assert to_html(name) == "a &amp; b"
    assert to_html(best) == "<strong>.0600</strong><sup>*</sup>"


@pytest.mark.parametrize(
    ("text", "in_html", "in_latex"),
    [
        ("MIQ_F wins", "MIQ<sub>F</sub> wins", r"MIQ$_\mathrm{F}$ wins"),
        ("my_run", "my_run", r"my\_run"),
        ("<b> 5 % {x}", "&lt;b&gt; 5 % {x}", r"$<$b> 5 \% \{x\}"),
        ("5\N{NO-BREAK SPACE}%", "5\N{NO-BREAK SPACE}%", r"5~\%"),
    ],
)
def test_only_a_single_capital_is_a_subscript(text, in_html, in_latex):
    assert html(text) == in_html
    assert latex(text) == in_latex


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_latex_takes_the_table(tmp_path):
    document = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    (tmp_path / "t.tex").write_text(f"{document}\n{to_latex(TABLE)}\n\\end{{document}}")

    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "t.tex"], cwd=tmp_path, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stdout
