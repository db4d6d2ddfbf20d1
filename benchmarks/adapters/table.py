"""The table of a framework's systems, from the runs that are recorded."""

from statistics import mean, stdev

from benchmarks.adapters.runs import FRAMEWORKS, recorded

TITLES = {
    "sasrec": "its own SASRec",
    "miq": "with MIQ-Attn, window 5",
    "mixture": "its own, ranked by a late mixture, .6 .4",
}
METRICS = ("HR@10", "NDCG@10")


def table() -> str:
    """Make a table in Markdown: a row a framework and system, mean and standard deviation over seeds."""
    head = ["| framework | system | " + " | ".join(METRICS) + " | seeds |", "|---|---|---|---|---|"]
    return "\n".join(head + [row for name in FRAMEWORKS for row in _rows(name)])


def _rows(framework: str) -> list[str]:
    found = [row["scores"] for row in recorded(framework)]
    rows = []
    for system, title in TITLES.items():
        runs = [scores[system] for scores in found if system in scores]
        if runs:
            scores = [_spread([run[metric] for run in runs]) for metric in METRICS]
            cells = [FRAMEWORKS[framework], title, *scores, str(len(runs))]
            rows.append(f"| {' | '.join(cells)} |")
    return rows


def _spread(values: list[float]) -> str:
    spread = f" ± {stdev(values):.4f}" if len(values) > 1 else ""
    return f"{mean(values):.4f}{spread}".replace("0.", ".")
