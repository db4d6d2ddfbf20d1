"""Files are found where they may lie, fetched whole or not at all, and asked for in one sentence."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pooch
import pytest

from miqrec.data.named import fetch
from miqrec.data.named.definitions import DATASETS, File, NamedDataset, Source, definition
from miqrec.errors import MiqrecError

LOG = b"1 1\n1 2\n"
CHECKSUM = hashlib.sha256(LOG).hexdigest()


class Server:
    """What a server gives for each path, and what it was asked for."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.files: dict[str, bytes] = {}
        self.cut_short: set[str] = set()
        self.asked: list[str] = []


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            content = state.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            missing = 10 if self.path in state.cut_short else 0
            self.send_response(200)
            self.send_header("Content-Length", str(len(content) + missing))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state = Server(http.server_port)
        thread = Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield state
        http.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, and a world in which nobody has set MIQREC_DATA."""
    monkeypatch.setattr(pooch, "os_cache", lambda _: tmp_path / "cache")
    monkeypatch.delenv("MIQREC_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache" / "data"


@pytest.fixture
def named(monkeypatch):
    """Gives the data set `tiny` its sources."""

    def give(*sources: Source) -> None:
        monkeypatch.setitem(DATASETS, "tiny", NamedDataset(sources, "", "", 1, 2, 2))

    return give


def write(path: Path, content: bytes = LOG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def zipped(compression: int = zipfile.ZIP_STORED, **files: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as opened:
        for name, content in files.items():
            opened.writestr(f"inside/{name}.dat", content)
    return archive.getvalue()


DEFLATED = zipped(zipfile.ZIP_DEFLATED, log=LOG * 100)
START = DEFLATED.index(b"inside/log.dat") + len(b"inside/log.dat")
DAMAGED = DEFLATED[:START] + b"\xff" * 8 + DEFLATED[START + 8 :]


def patched(archive: bytes, local: int, central: int, value: int) -> bytes:
    """Set a byte in the two headers that an archive has for its only file."""
    changed = bytearray(archive)
    changed[local] = value
    changed[archive.index(b"PK\1\2") + central] = value
    return bytes(changed)


ENCRYPTED = patched(DEFLATED, local=6, central=8, value=1)  # the lowest bit of the flags
PACKED_BY_97 = patched(DEFLATED, local=8, central=10, value=97)  # a method that Python doesn't know


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


# Finding


def test_a_file_may_lie_in_the_data_sets_folder(tmp_path):
    path = write(tmp_path / "lastfm" / "LastFM.txt")
    items = write(tmp_path / "lastfm" / "LastFM_item2attributes.json")
    assert fetch.find("lastfm", tmp_path) == (definition("lastfm").sources[0], path, items)


def test_or_directly_in_the_data_folder_and_without_its_items(tmp_path):
    path = write(tmp_path / "LastFM.txt")
    assert fetch.find("lastfm", tmp_path) == (definition("lastfm").sources[0], path, None)


def test_but_not_directly_if_its_name_could_mean_another_data_set(tmp_path):
    write(tmp_path / "Beauty.txt")  # SASRec's pairs or S3-Rec's lines
    for name in ("beauty", "beauty-5core", "beauty-bert4rec"):
        assert fetch.locate(name, tmp_path) is None
    path = write(tmp_path / "beauty" / "Beauty.txt")
    assert fetch.locate("beauty", tmp_path).interactions == path
    assert fetch.locate("beauty-5core", tmp_path) is None


def test_the_argument_comes_before_the_variable_and_both_before_the_cache(
    tmp_path, cache, monkeypatch
):
    in_cache = write(cache / "lastfm" / "LastFM.txt")
    assert fetch.find("lastfm").interactions == in_cache
    in_variable = write(tmp_path / "variable" / "lastfm" / "LastFM.txt")
    monkeypatch.setenv("MIQREC_DATA", str(tmp_path / "variable"))
    assert fetch.find("lastfm").interactions == in_variable
    in_argument = write(tmp_path / "argument" / "lastfm" / "LastFM.txt")
    assert fetch.find("lastfm", tmp_path / "argument").interactions == in_argument


def test_within_a_folder_the_preprocessed_file_comes_before_the_raw_one(tmp_path):
    raw = write(tmp_path / "ml-1m" / "ratings.dat")
    assert fetch.find("ml-1m", tmp_path).interactions == raw
    assert fetch.find("ml-1m", tmp_path).source.filters.min_item == 5
    preprocessed = write(tmp_path / "ml-1m" / "ml-1m.txt.gz")
    assert fetch.find("ml-1m", tmp_path).interactions == preprocessed


def test_a_data_folder_that_does_not_exist_is_an_error_and_nothing_is_fetched(
    tmp_path, monkeypatch
):
    with pytest.raises(MiqrecError, match=r"nowhere does not exist"):
        fetch.find("lastfm", tmp_path / "nowhere")
    monkeypatch.setenv("MIQREC_DATA", str(tmp_path / "elsewhere"))
    with pytest.raises(MiqrecError, match=r"elsewhere does not exist"):
        fetch.locate("lastfm")


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(MiqrecError, match=r"no data set 'ml-2m'; there are demo, ml-100k, ml-1m,"):
        fetch.find("ml-2m")


# Fetching


def test_a_file_is_fetched_once_with_its_items(server, named, cache):
    server.files = {"/log.txt": LOG, "/items.json": b"{}"}
    log = File("log.txt", server.url + "/log.txt", CHECKSUM)
    named(Source(log, File("items.json", server.url + "/items.json")))
    for _ in range(2):
        found = fetch.find("tiny")
        assert found.interactions == cache / "tiny" / "log.txt"
        assert found.interactions.read_bytes() == LOG
        assert found.items.read_bytes() == b"{}"
    assert sorted(server.asked) == ["/items.json", "/log.txt"]


def test_files_in_an_archive_are_fetched_together(server, named, cache):
    server.files = {"/all.zip": zipped(log=LOG, items=b"1::Heat::Crime\n")}
    url = server.url + "/all.zip"
    named(
        Source(
            File("log.dat", url, CHECKSUM, "inside/log.dat"),
            File("items.dat", url, None, "inside/items.dat"),
        )
    )
    found = fetch.find("tiny")
    assert found.interactions.read_bytes() == LOG
    assert found.items.read_bytes() == b"1::Heat::Crime\n"
    assert server.asked == ["/all.zip"]


def test_another_source_is_tried_if_the_first_is_gone(server, named):
    server.files = {"/raw.csv": LOG}
    first = Source(File("log.txt", server.url + "/log.txt"))
    named(first, second := Source(File("raw.csv", server.url + "/raw.csv")))
    assert fetch.find("tiny").source == second
    assert server.asked == ["/log.txt", "/raw.csv"]


def test_what_has_no_public_place_is_not_looked_for(server, named):
    server.files = {"/log.txt": LOG}
    named(Source(File("log.txt.gz")), Source(File("log.txt", server.url + "/log.txt")))
    assert fetch.find("tiny").interactions.name == "log.txt"


# Failing


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"1 1\n1 3\n", "does not match"), (None, "404"), ("cut short", "IncompleteRead|Connection")],
)
def test_a_file_that_is_not_what_it_should_be_leaves_nothing(server, named, cache, content, reason):
    if content == "cut short":
        server.files, server.cut_short = {"/log.txt": LOG}, {"/log.txt"}
    elif content:
        server.files = {"/log.txt": content}
    checksum = None if content == "cut short" else CHECKSUM
    named(Source(File("log.txt", server.url + "/log.txt", checksum)))
    with pytest.raises(MiqrecError, match=reason):
        fetch.find("tiny")
    assert files_in(cache) == set()


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (zipped(other=LOG), "no item named"),
        (b"<html>please log in</html>", "not a zip file"),
        (zipped(log=b"1 1\n1 3\n"), "does not match its checksum"),
        (zipped(log=LOG).replace(LOG, b"9" * len(LOG)), "CRC"),
        (ENCRYPTED, "encrypted"),
        (PACKED_BY_97, "compression method"),
        (DAMAGED, "invalid"),
    ],
)
def test_an_archive_that_is_not_what_it_should_be_leaves_nothing(
    server, named, cache, archive, reason
):
    server.files = {"/all.zip": archive}
    named(Source(File("log.dat", server.url + "/all.zip", CHECKSUM, "inside/log.dat")))
    with pytest.raises(MiqrecError, match=reason):
        fetch.find("tiny")
    assert files_in(cache) == set()


def test_an_archive_that_unpacks_to_what_no_log_does_leaves_nothing(
    server, named, cache, monkeypatch
):
    monkeypatch.setattr(fetch, "MOST_BYTES", 10 * len(LOG))
    monkeypatch.setattr(fetch, "MOST_TIMES", 2)
    server.files = {"/all.zip": DEFLATED}
    named(Source(File("log.dat", server.url + "/all.zip", None, "inside/log.dat")))

    with pytest.raises(MiqrecError, match="as no log does"):
        fetch.find("tiny")
    assert files_in(cache) == set()


def test_a_gzipped_file_without_a_checksum_is_kept_only_if_it_can_be_read_to_its_end(
    server, named, cache
):
    server.files = {"/log.dat.gz": gzip.compress(LOG * 100)[:-10]}
    named(Source(File("log.dat.gz", server.url + "/log.dat.gz")))

    with pytest.raises(MiqrecError, match="ended before"):
        fetch.find("tiny")
    assert files_in(cache) == set()


def test_a_log_whose_items_cannot_be_had_is_not_left_without_them(server, named, cache):
    server.files = {"/log.txt": LOG}
    log = File("log.txt", server.url + "/log.txt")
    named(Source(log, File("items.json", server.url + "/items.json")))
    with pytest.raises(MiqrecError, match="404"):
        fetch.find("tiny")
    assert files_in(cache) == set()


def test_a_cache_that_cannot_be_written_is_no_traceback(server, named, cache):
    server.files = {"/log.txt": LOG}
    write(cache, b"a file where a folder should be")
    named(Source(File("log.txt", server.url + "/log.txt")))
    with pytest.raises(MiqrecError, match="cannot be fetched"):
        fetch.find("tiny")


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "demo"])
def test_without_a_network_one_sentence_says_what_to_put_where(name, tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setattr(pooch, "retrieve", no_network)
    files = " or ".join(source.interactions.name for source in definition(name).sources)
    with pytest.raises(MiqrecError) as error:
        fetch.find(name, tmp_path)
    assert f"put {files} into {tmp_path}/{name}/ and set MIQREC_DATA={tmp_path}" in str(error.value)
    assert f"or pass --data-dir {tmp_path} (tried " in str(error.value)
    assert "no route to host" in str(error.value)
    assert "\n" not in str(error.value)


def test_where_no_folder_was_named_the_sentence_calls_it_dir(named):
    named(Source(File("log.txt", "http://127.0.0.1:9/log.txt")))  # nobody listens there
    with pytest.raises(MiqrecError, match=r"put log.txt into DIR/tiny/ and set MIQREC_DATA=DIR or"):
        fetch.find("tiny")
