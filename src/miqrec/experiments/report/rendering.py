"""Tables as Markdown, LaTeX or HTML.

In the latter two the ending of a name such as `SASRec_F` is a subscript.
"""

import re
from html import escape

from miqrec.experiments.report.tables import Cell, Table

SUBSCRIPT = re.compile(r"_([A-Z])(?!\w)")

LATEX = {
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "$": r"\$",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "†": r"$^\dagger$",
    "*": r"$^*$",
    "<": "$<$",
    "\N{MINUS SIGN}": "$-$",
    "\N{EN DASH}": "--",
    "\N{NO-BREAK SPACE}": "~",
}


def to_markdown(table: Table) -> str:
    """Write a pipe table between its title and its notes."""
    rule = ["---", *(["---:"] * (len(table.columns) - 1))]
    lines = [table.columns, rule, *([_markdown(cell) for cell in row] for row in table.rows)]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return "\n\n".join([f"### {table.title}", body, " ".join(table.notes).replace("*", r"\*")])


def to_latex(table: Table) -> str:
    """Write a table environment; the document needs the package booktabs."""
    head = " & ".join(latex(column) for column in table.columns)
    rows = "\n".join(f"{' & '.join(_latex(cell) for cell in row)} \\\\" for row in table.rows)
    return rf"""\begin{{table}}
\centering\footnotesize
\caption{{{latex(table.title)}. {latex(" ".join(table.notes))}}}
\begin{{tabular}}{{l{"r" * (len(table.columns) - 1)}}}
\toprule
{head} \\
\midrule
{rows}
\bottomrule
\end{{tabular}}
\end{{table}}"""


def to_html(cell: Cell) -> str:
    """Write the content of a cell; the page puts its own tags around it."""
    text = html(cell.text)
    if cell.best:
        text = f"<strong>{text}</strong>"
    if cell.mark:
        text += f"<sup>{cell.mark}</sup>"
    return f"{text} <small>({html(cell.beside)})</small>" if cell.beside else text


def html(text: str) -> str:
    """Escape a text, and set its subscripts."""
    return SUBSCRIPT.sub(r"<sub>\1</sub>", escape(text))


def latex(text: str) -> str:
    """Escape a text for LaTeX, and set its subscripts."""
    parts = SUBSCRIPT.split(text)  # every second one is a subscript
    return "".join(
        rf"$_\mathrm{{{part}}}$" if i % 2 else "".join(LATEX.get(sign, sign) for sign in part)
        for i, part in enumerate(parts)
    )


def _markdown(cell: Cell) -> str:
    text = cell.text.replace("|", r"\|")
    if cell.best:
        text = f"**{text}**"
    text += cell.mark.replace("*", r"\*")
    return f"{text} ({cell.beside})" if cell.beside else text


def _latex(cell: Cell) -> str:
    text = latex(cell.text)
    if cell.best:
        text = rf"\textbf{{{text}}}"
    text += latex(cell.mark)
    return rf"{text} {{\small ({latex(cell.beside)})}}" if cell.beside else text
