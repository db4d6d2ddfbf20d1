"""`make bench-serving`: how fast the service answers, single requests and as many as it can.

    python -m benchmarks.serving [--quick] [--rate 250] [--seconds 60]

The model has ML-1M's size and MIQ-Attn with a window of 10; each request asks for a list of 10 after one
history of 200 items. Latencies are those of an open loop (`benchmarks.serving.client`). The most that the
service answers is counted by wrk, whose 32 connections ask again as soon as they have an answer (Debian's
package wrk). Client and service share the machine's cores.
"""

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.harness.folders import RESULTS
from benchmarks.machine.description import machine
from benchmarks.serving.client import WARM_UP
from benchmarks.serving.model import save_model
from benchmarks.serving.requests import body
from benchmarks.serving.service import Running, running

PORT = 8199
CONNECTIONS = 32
"""Of wrk."""


def main() -> None:
    """Measure both engines, print what came of it, and write it down."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="seconds, to see that it works")
    parser.add_argument("--rate", type=float, default=250, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60, help="for how long")
    options = parser.parse_args()
    seconds = 4 if options.quick else options.seconds
    with tempfile.TemporaryDirectory() as name:
        artifacts = prepare(Path(name))
        results = [measure(artifact, options.rate, seconds) for artifact in artifacts]
    print(table(results))
    if not options.quick:
        content = {"machine": machine(), "engines": results}
        (RESULTS / "serving.json").write_text(json.dumps(content, indent=1) + "\n")


def table(results: list[dict[str, Any]]) -> str:
    """Write the figures as a table in Markdown."""
    lines = [
        "| engine | p50 | p99 | longest | CPU for a list | lists a second at most | start | memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in results:
        loop, most = each["open_loop"], each["peak"] or {"answers_a_second": "not measured"}
        lines.append(
            f"| {each['engine']} | {loop['p50']} ms | {loop['p99']} ms | {loop['max']} ms | "
            f"{loop['cpu_ms_an_answer']} ms | {most['answers_a_second']} | "
            f"{each['start_seconds']} s | {each['resident_mib']} MiB |"
        )
    return "\n".join(lines)


def prepare(folder: Path) -> list[Path]:
    """Write the model, as it is saved and as it is exported."""
    from miqrec.export import export_onnx
    from miqrec.runs.artifact import load_artifact

    save_model(folder / "model")
    export_onnx(load_artifact(folder / "model"), folder / "model.onnx")
    return [folder / "model", folder / "model.onnx"]


def measure(artifact: Path, rate: float, seconds: float) -> dict[str, Any]:
    """Start a service, ask it, and print and return the figures."""
    with running(artifact, PORT) as service:
        found: dict[str, Any] = {
            "engine": "onnxruntime" if artifact.suffix == ".onnx" else "torch",
            "start_seconds": round(service.start_seconds, 2),
            "open_loop": open_loop(service, rate, seconds),
            "peak": peak(service, seconds, artifact.parent),
            "resident_mib": round(service.resident_mib()),
        }
    print(json.dumps(found, indent=1), flush=True)
    return found


def open_loop(service: Running, rate: float, seconds: float) -> dict[str, object]:
    """Send at fixed times, from a process of its own."""
    words = ("-m", "benchmarks.serving.client", service.port, rate, seconds)
    before = service.cpu_seconds()
    done = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    used = service.cpu_seconds() - before
    asked = rate * (seconds + WARM_UP)
    return found | {"cpu_ms_an_answer": round(1000 * used / asked, 2)}


def peak(service: Running, seconds: float, folder: Path) -> dict[str, object] | None:
    """Count what wrk gets out of the service; None without wrk."""
    if not shutil.which("wrk"):
        print("wrk is not installed (Debian's package wrk), so the peak is not measured")
        return None
    script = folder / "post.lua"
    draw = random.Random(0)
    bodies = ",".join(f"[==[{body(draw).decode()}]==]" for _ in range(100))
    script.write_text(
        f"local bodies = {{{bodies}}}\nlocal n = 0\n"
        'local headers = {["Content-Type"] = "application/json"}\n'
        "request = function()\n n = n % #bodies + 1\n"
        ' return wrk.format("POST", "/recommend", headers, bodies[n])\nend\n'
    )
    words = ("-t1", f"-c{CONNECTIONS}", f"-d{int(seconds)}s", "--latency", "-s", script)
    url = f"http://127.0.0.1:{service.port}"
    done = subprocess.run(
        ["wrk", *map(str, words), url], capture_output=True, text=True, check=True
    )
    if "post.lua" in done.stderr:  # wrk goes on without a script that it can't read
        raise SystemExit(done.stderr)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    return {
        "connections": CONNECTIONS,
        "answers_a_second": float(rate[1]) if rate else None,
        "failed": "Non-2xx" in done.stdout or "Socket errors" in done.stdout,
    }


if __name__ == "__main__":
    main()
