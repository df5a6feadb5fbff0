"""The real download code, against a server on this machine that answers as the hub does."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from silicus.data.hub import fetch, is_hub_id
from silicus.errors import InputError

COMMIT = "0" * 39 + "1"
FILES = {
    "data/train-0.parquet": b"rows",
    "metadata/participant_mapping.json": b'{"seen": [], "unseen": []}',
    "README.md": b"card",
}


class Hub(BaseHTTPRequestHandler):
    """Answers for the repository `someone/answers`, refuses `someone/gated`, and knows no other."""

    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _answer(self, *, body: bool) -> None:
        Hub.asked.append(f"{self.command} {self.path}")
        path = self.path.partition("?")[0]
        if path.startswith("/api/datasets/someone/answers/revision/"):
            siblings = [{"rfilename": name} for name in FILES]
            info = {
                "id": "someone/answers",
                "sha": COMMIT,
                "siblings": siblings,
                "tags": [],
                "downloads": 0,
                "likes": 0,
            }
            return self._send(200, json.dumps({**info, "private": False}).encode(), body=body)
        if path == f"/api/datasets/someone/answers/tree/{COMMIT}":
            tree = [{"type": "file", "path": p, "size": len(c), "oid": p} for p, c in FILES.items()]
            return self._send(200, json.dumps(tree).encode(), body=body)
        name = path.partition(f"/resolve/{COMMIT}/")[2]
        if path.startswith("/datasets/someone/answers/") and name in FILES:
            return self._send(200, FILES[name], body=body)
        if "someone/gated" in path:
            return self._send(403, b"", body=body, error="GatedRepo")
        return self._send(404, b"", body=body, error="RepoNotFound")

    def _send(self, status: int, content: bytes, *, body: bool, error: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if error:
            self.send_header("X-Error-Code", error)
        self.end_headers()
        if body:
            self.wfile.write(content)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of the server; its files are cached below an empty folder."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_PROGRESS_BARS", True)
    Hub.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_only_the_files_that_are_wanted_are_fetched(hub):
    folder = fetch("someone/answers", ("*.parquet", "metadata/*.json"), endpoint=hub)
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {"data/train-0.parquet", "metadata/participant_mapping.json"}
    assert (folder / "data" / "train-0.parquet").read_bytes() == b"rows"


def test_what_is_in_the_cache_is_not_fetched_again(hub):
    fetch("someone/answers", ("*.parquet",), endpoint=hub)
    Hub.asked.clear()
    fetch("someone/answers", ("*.parquet",), endpoint=hub)
    assert not [asked for asked in Hub.asked if asked.startswith("GET") and "/resolve/" in asked]


def test_a_gated_dataset_says_how_to_get_access(hub):
    with pytest.raises(InputError, match=r"given out on request only. Ask for access .*datasets/someone/gated"):
        fetch("someone/gated", ("*",), endpoint=hub)


def test_a_dataset_the_hub_does_not_have_is_named(hub):
    with pytest.raises(InputError, match="someone/nothing: no such dataset on the hub, or one that needs a login"):
        fetch("someone/nothing", ("*",), endpoint=hub)


def test_a_hub_that_cannot_be_reached_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        InputError, match=r"someone/answers: cannot be fetched from the hub .*Download it and give its folder"
    ):
        fetch("someone/answers", ("*",), endpoint="http://127.0.0.1:9")


@pytest.mark.parametrize("path", ["rows.jsonl", "./a/b", "a/b/c", "a/b.parquet", "/a/b"])
def test_paths_of_files_are_no_hub_ids(path):
    assert not is_hub_id(path)


def test_an_existing_folder_is_no_hub_id(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert not is_hub_id("a/b")
    assert is_hub_id("a/c")
