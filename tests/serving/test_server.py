"""`miqrec serve` as a process of its own: how it starts, is told to load again, and ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest

from commands import miqrec


@contextmanager
def process(*words: object):
    """A service, and what it writes as it goes."""
    command = [sys.executable, "-m", "miqrec", "serve", *map(str, words), "--store", ""]
    kept = {name: value for name, value in os.environ.items() if name != "MIQREC_STORE"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kept) as running:
        try:
            yield running
        finally:
            running.kill()


def read_until(running, event):
    """The lines up to one that tells of an event."""
    lines = []
    for line in running.stdout:
        lines.append(json.loads(line))  # everything that it writes is JSON
        if event in lines[-1]["event"]:
            return lines
    raise AssertionError(f"it ended before it told of {event!r}: {lines}")


def test_a_process_serves_loads_again_and_ends_as_it_is_told(exported):
    with process(exported, "--port", 0) as running:
        port = read_until(running, "serving")[-1]["port"]
        read_until(running, "startup complete")
        patient = httpx.HTTPTransport(retries=8)  # it listens a moment after it says so
        with httpx.Client(transport=patient, timeout=10) as client:
            ready = client.get(f"http://127.0.0.1:{port}/ready").json()
        assert ready["model"]["runtime"] == "onnxruntime"

        running.send_signal(signal.SIGHUP)
        assert read_until(running, "model loaded")[-1]["version"] == ready["model"]["version"]

        running.send_signal(signal.SIGTERM)
        read_until(running, "Finished")
        assert running.wait(20) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "nowhere is not a saved model"),
        (["nowhere.onnx"], "nowhere.onnx"),
        ([], "artifact: Field required"),
        (["nowhere", "--port", "70000"], "port: Input should be less than or equal to 65535"),
        (["nowhere", "--max-batch", "0"], "max_batch: Input should be greater than or equal to 1"),
    ],
)
def test_what_can_not_be_served_is_said_in_one_sentence(words, sentence):
    done = (
        miqrec("serve", *words, "--port", 0) if "--port" not in words else miqrec("serve", *words)
    )
    assert done.returncode == 2
    assert sentence in done.stderr


def test_an_address_that_is_taken_is_named(saved):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = miqrec("serve", saved, "--port", port)
    assert done.returncode == 2
    assert f"can't listen at 127.0.0.1, port {port}: Address already in use" in done.stderr


def test_settings_come_from_the_environment_and_options_win(monkeypatch, saved):
    with socket.create_server(("127.0.0.1", 0)) as other, monkeypatch.context() as patch:
        port = other.getsockname()[1]
        patch.setenv("MIQREC_ARTIFACT", str(saved))
        patch.setenv("MIQREC_PORT", str(port))
        assert f"port {port}" in miqrec("serve").stderr
        assert "can't listen at 256.0.0.1" in miqrec("serve", "--host", "256.0.0.1").stderr
