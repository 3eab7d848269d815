"""Models from the hub: against a server on this machine that answers as the hub does, and without one."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.torch

REVISION = "0123456789abcdef0123456789abcdef01234567"


REFUSALS = (("/lab/", 404, "RepoNotFound"), ("/tiny/", 403, "GatedRepo"), (REVISION, 404, "RevisionNotFound"))
"""What a path must hold, and the answer where it does not."""


class Hub(BaseHTTPRequestHandler):
    """One model, ``lab/tiny`` at ``REVISION``; the other models of ``lab`` are gated."""

    def log_message(self, *_):
        """Be silent."""

    def do_HEAD(self):
        self.do_GET(body=False)

    def do_GET(self, *, body=True):
        path = self.path.split("?")[0]
        for wanted, status, code in REFUSALS:
            if wanted not in path:
                return self.answer(status, b"{}", {"X-Error-Code": code}, body=body)
        if path.startswith("/api/"):
            return self.answer(200, self.listing(path), {"Content-Type": "application/json"}, body=body)
        data = (self.server.folder / path.rsplit("/", 1)[1]).read_bytes()
        return self.answer(200, data, {"ETag": f'"{tag(data)}"', "X-Repo-Commit": REVISION}, body=body)

    def listing(self, path):
        files = sorted(self.server.folder.iterdir())
        if "/tree/" in path:
            entries = [
                {"type": "file", "path": f.name, "size": f.stat().st_size, "oid": tag(f.read_bytes())} for f in files
            ]
            return json.dumps(entries).encode()
        siblings = [{"rfilename": file.name} for file in files]
        return json.dumps({"id": "lab/tiny", "sha": REVISION, "siblings": siblings}).encode()

    def answer(self, status, data, headers, *, body):
        self.send_response(status)
        for key, value in (headers | {"Content-Length": str(len(data))}).items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(data)


def tag(data):
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


@pytest.fixture
def hub(tiny_model_folder):
    """Address of the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.folder = tiny_model_folder
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch(model, *, cwd, revision=REVISION, **environment):
    """The command in a process of its own: the hub's library reads its settings on import."""
    command = [sys.executable, "-m", "knapsack_rl.cli.main", "fetch", model, revision, "--output", "model"]
    environment = os.environ | {"HF_HOME": str(cwd / "cache"), "HF_HUB_DISABLE_XET": "1"} | environment
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_fetched_model_is_whole(hub, tmp_path, tiny_model_folder):
    """Same weights, a receipt with hashes; a second call leaves everything as it is."""
    import torch

    from knapsack_rl.base.errors import InputError
    from knapsack_rl.models import load_model, load_tokenizer
    from knapsack_rl.prepare.fetch import check_fetched

    done = fetch("lab/tiny", cwd=tmp_path, HF_ENDPOINT=hub)
    assert 0 == done.returncode, done.stderr
    folder = tmp_path / "model"
    check_fetched(folder, "lab/tiny", revision=REVISION)
    with pytest.raises(InputError, match="fetch it again"):
        check_fetched(folder, "lab/tiny", revision=REVISION[::-1])
    ours, theirs = load_model(folder).state_dict(), load_model(tiny_model_folder).state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert load_tokenizer(folder)("3+4=") == load_tokenizer(tiny_model_folder)("3+4=")
    before = (folder / "fetched.json").read_text()
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(json.loads(before)["sha256"])
    assert 0 == fetch("lab/tiny", cwd=tmp_path, HF_ENDPOINT=hub).returncode
    assert before == (folder / "fetched.json").read_text()


@pytest.mark.parametrize(
    ("model", "revision", "words"),
    [
        ("lab/gated", REVISION, "is gated: accept its terms"),
        ("other/none", REVISION, "is not on the hub or not public"),
        ("lab/tiny", REVISION[::-1], f"has no revision {REVISION[::-1]}"),
        ("lab/tiny", "main", "revision"),
    ],
)
def test_what_the_hub_refuses_is_one_line(hub, tmp_path, model, revision, words):
    """Exit code 2, the reason and the remedy, and no receipt."""
    done = fetch(model, cwd=tmp_path, revision=revision, HF_ENDPOINT=hub)
    assert 2 == done.returncode
    assert 1 == len(done.stderr.splitlines())
    assert words in done.stderr
    assert not (tmp_path / "model" / "fetched.json").exists()


def test_no_network_is_one_line(tmp_path):
    """With what to do instead."""
    done = fetch("lab/tiny", cwd=tmp_path, HF_HUB_OFFLINE="1")
    assert 2 == done.returncode
    assert 1 == len(done.stderr.splitlines())
    assert "give it as `path`" in done.stderr
