"""A JupyterLab for the tests that open lessons in a browser."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.answers import ROOT


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab as the README does, in a copy of the course: nothing it saves comes back."""
    home = tmp_path_factory.mktemp("lab")
    for folder in ("lessons", "solutions", "utils", "course", "data"):
        shutil.copytree(ROOT / folder, home / folder)
    settings = home / "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")  # all in the page
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    options = [
        f"--port={port}",
        "--no-browser",
        "--allow-root",
        f"--IdentityProvider.token={token}",
        "--config=course/lab/config.json",
        "--LabApp.expose_app_in_browser=True",
    ]
    environment = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "COURSE_STATE": str(home / "state"),
    }
    log = (home / "log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        cwd=home,
        env=environment,
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/api?token={token}", timeout=5).close()
                break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None, (home / "log").read_text(encoding="utf-8")
                time.sleep(0.2)
        yield address, token
    finally:
        server.terminate()
        server.wait(20)
        log.close()
