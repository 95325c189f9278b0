"""Drawn by Mermaid itself, in Chromium without a network: the words of each diagram come out as they went in.

Mermaid is fetched by npm into the cache, once; it is no part of synscope.
"""

import html
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

import samples
from support.require import require
from synscope.connections.model import Finding
from synscope.export import mermaid

VERSION = "11.17.2"
CACHE = Path.home() / ".cache/synscope/tests"
LIBRARY = CACHE / f"mermaid-{VERSION}.min.js"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--virtual-time-budget=60000",
)
PAGE = """<meta charset=utf-8><body><script src="file://LIBRARY"></script><script>
mermaid.initialize({startOnLoad: false, securityLevel: "strict"});
(async () => {
  const told = {}, place = document.createElement("div");
  for (const [name, text] of Object.entries(TEXTS)) {
    try {
      place.innerHTML = (await mermaid.render("drawn" + Object.keys(told).length, text)).svg;
      told[name] = [...place.querySelectorAll("text")].map(each => each.textContent);
    } catch (error) { told[name] = String(error); }
  }
  const result = document.createElement("pre");
  result.textContent = JSON.stringify(told);
  document.body.append(result);
})();
</script>"""
HOSTILE = "%%{init: {'theme': 'x'}}%% $$x$$ end; #35; <script>a</script> \"q\" `c` **b** \\n"


@pytest.fixture(scope="module")
def library():
    require(shutil.which("chromium") is not None, "needs chromium")
    if not LIBRARY.exists():
        _fetch()
    return LIBRARY


def _fetch():
    require(shutil.which("npm") is not None, "needs npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", "--silent", f"mermaid@{VERSION}"]
    packed = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, check=False)
    require(packed.returncode == 0, f"cannot fetch Mermaid: {packed.stderr.strip()[:200]}")
    archive = CACHE / packed.stdout.split()[-1]
    with tarfile.open(archive) as files:
        member = files.extractfile("package/dist/mermaid.min.js")
        assert member is not None
        LIBRARY.write_bytes(member.read())
    archive.unlink()


def drawn(library, directory, texts):
    """Per diagram the words in its picture, a string each; or Mermaid's error."""
    page = directory / "page.html"
    told = json.dumps(texts).replace("<", "\\u003c")
    page.write_text(PAGE.replace("LIBRARY", str(library)).replace("TEXTS", told))
    command = ["chromium", *FLAGS, f"--user-data-dir={directory}/profile", "--dump-dom", f"file://{page}"]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    found = re.search(r"<pre>(.*?)</pre>", dom, re.S)
    assert found is not None, dom[-500:]
    return json.loads(html.unescape(found[1]))


def test_mermaid_draws_what_was_written(library, tmp_path):
    finding = Finding(code="x", severity="error", summary=HOSTILE)
    connections = {name: make() for name, make in samples.SAMPLES.items()}
    connections["escaped"] = samples.healthy(client=samples.client(comm="%%{x};#"), findings=(finding,))
    texts = {
        name: b"".join(mermaid.write([one], samples.trace(), print)).decode()
        for name, one in connections.items()
    }
    told = drawn(library, tmp_path, texts)
    for name, one in connections.items():
        assert isinstance(told[name], list), f"{name}: {told[name]}"
        words = "\n".join(told[name])
        assert all(f"seq {segment.seq}" in words for segment in one.segments), name
        assert all(change.target in words for change in one.transitions), name
    words = " ".join(told["escaped"])
    assert "%%{x};#[4711]" in words
    assert HOSTILE.replace(" ", "") in words.replace(" ", "")
