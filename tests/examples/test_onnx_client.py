"""The client in Node answers as the library does, for models that take seconds to export.

It runs where the client's packages are installed.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from debian import program
from miqrec import Recommender
from miqrec.export import export_onnx
from miqrec.testing.frames import circle

CLIENT = Path(__file__).parents[2] / "examples" / "onnx-client"
HISTORIES = [
    ["item 03", "item 04", "item 05"],
    ["item 07"],
    [],
    ["a film of next year", "item 01"],
    [f"item {n:02}" for n in range(17)],  # longer than the model reads, and few are left
]

pytestmark = [pytest.mark.slow, pytest.mark.debian]


@pytest.fixture(scope="module")
def node() -> str:
    if not (CLIENT / "node_modules").is_dir():
        pytest.skip(f"the client's packages are not installed: npm ci --prefix {CLIENT}")
    return program("node", "nodejs")


@pytest.fixture(scope="module")
def recommender() -> Recommender:
    sizes = {"dim": 16, "n_layers": 1, "max_length": 10, "dropout": 0.0}
    return Recommender.fit(circle(), model="sasrec", **sizes, epochs=3, learning_rate=0.01)


def run(node: str, model: Path, histories: object, k: int) -> subprocess.CompletedProcess:
    return subprocess.run(
        [node, CLIENT / "recommend.mjs", model, str(k)],
        input=json.dumps(histories),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.filterwarnings("ignore:1 of 2 interactions are with items that are not")
@pytest.mark.parametrize("mix", ["1", "0.6 0.4"])
@pytest.mark.parametrize("exclude_seen", [True, False])
def test_its_lists_are_those_of_the_library(node, recommender, tmp_path, mix, exclude_seen):
    model = recommender.with_inference(mix=mix, exclude_seen=exclude_seen)
    export_onnx(model.artifact, tmp_path / "model.onnx", k=8)

    done = run(node, tmp_path / "model.onnx", HISTORIES, 8)

    assert done.returncode == 0, done.stderr
    for history, found in zip(HISTORIES, json.loads(done.stdout), strict=True):
        expected = model.recommend(histories=[history], k=8, on_unknown="skip")
        assert [row["item"] for row in found] == expected["item"].to_list()
        assert [row["title"] for row in found] == expected["title"].to_list()
        scores = expected["score"].to_list()
        assert [row["score"] for row in found] == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize(
    ("write", "k", "sentence"),
    [
        (lambda path, model: path.write_bytes(b"\x08\x01"), 3, "error: "),
        (
            lambda path, model: export_onnx(model.artifact, path, k=2),
            3,
            "lists have 2 items at most",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    node, recommender, tmp_path, write, k, sentence
):
    write(tmp_path / "model.onnx", recommender)

    done = run(node, tmp_path / "model.onnx", HISTORIES, k)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_commands_of_its_page_run(node, recommender, tmp_path):
    """But the installation, which is done; with a model at the place that is named."""
    text = (CLIENT / "README.md").read_text(encoding="utf-8")
    install, export, recommend = re.search(r"```sh\n(.*?)```", text, re.DOTALL)[1].splitlines()
    assert install == "npm ci"
    recommender.save(tmp_path / "runs" / "sasrec")
    for name in ("recommend.mjs", "recommender.mjs", "description.mjs"):
        shutil.copy(CLIENT / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(CLIENT / "node_modules")

    for command in (export, recommend):
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert [len(found) for found in json.loads(done.stdout)] == [3, 3]


def test_its_lock_file_names_no_registry():
    assert "resolved" not in (CLIENT / "package-lock.json").read_text(encoding="utf-8")
