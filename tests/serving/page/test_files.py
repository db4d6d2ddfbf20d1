"""The files of the page: what the service sends with them, and what they may ask for."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import miqrec.serving
from miqrec.serving import Settings, create_app

FOLDER = Path(miqrec.serving.__file__).parent / "page"
FILES = sorted(path for path in FOLDER.iterdir() if path.is_file())


@pytest.fixture(scope="module")
def client(models):
    with TestClient(create_app(Settings(artifact=models["markov"], api_key="secret"))) as client:
        yield client


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_is_served_without_a_key_and_with_a_strict_policy(client, file):
    answer = client.get(f"/page/{file.name}")

    assert answer.content == file.read_bytes()
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    kinds = {
        ".js": "text/javascript",
        ".css": "text/css",
        ".html": "text/html",
        ".svg": "image/svg+xml",
    }
    assert answer.headers["content-type"].startswith(kinds[file.suffix])


def test_the_page_is_at_the_root(client):
    assert client.get("/").content == (FOLDER / "index.html").read_bytes()
    assert client.get("/").headers["content-security-policy"]


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fapp.py", "%2e%2e%2fapp.py", "__pycache__"])
def test_nothing_else_is_served(client, name):
    answer = client.get(f"/page/{name}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_file_names_another_host_or_has_script_or_style_inside_markup(file):
    text = file.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|@import|\bon\w+=\"|style=|innerHTML|<script>|<style", text)
