"""Hooks of mkdocs (mkdocs.yml): pages made from code, files of the repository that documents link to, and links.

Documents are also read in the repository, where they link to `../results/...` and name each other as `docs/data.md`. On
the site the first are copied in, the second become links.
"""

import posixpath
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))

import site_reference

OUTSIDE = "repository"
"""Folder of the site for files from outside docs/."""
LINK = re.compile(r"(\]\()(\.\./[^)#\s]+)([^)]*\))")
NAMED = re.compile(r"`docs/([\w/]+\.md)`(?!\])")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add generated pages, one page per list of decisions, and what is linked to outside docs/."""
    pages = site_reference.pages()
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    for target in sorted(_outside(Path(config.docs_dir), pages)):
        files.append(File.generated(config, f"{OUTSIDE}/{target}", content=(_root(config) / target).read_bytes()))
    return files


def on_page_markdown(markdown: str, /, *, page: Page, files: Files, **_: object) -> str:
    """Lead links to where the site has their targets."""
    folder = posixpath.dirname(page.file.src_uri)

    def moved(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", folder, found[2]))
        if target.startswith("docs/"):
            return found[0]
        return f"{found[1]}{posixpath.relpath(f'{OUTSIDE}/{target}', folder or '.')}{found[3]}"

    def linked(found: re.Match[str]) -> str:
        if files.get_file_from_path(found[1]) is None:
            return found[0]
        return f"[`docs/{found[1]}`]({posixpath.relpath(found[1], folder or '.')})"

    return NAMED.sub(linked, LINK.sub(moved, markdown))


def _outside(docs: Path, generated: Mapping[str, str]) -> set[str]:
    found = set()
    written = {path.relative_to(docs).as_posix(): path.read_text(encoding="utf-8") for path in docs.rglob("*.md")}
    for name, text in (written | generated).items():
        for _, target, _ in LINK.findall(text):
            place = posixpath.normpath(posixpath.join("docs", posixpath.dirname(name), target))
            if not place.startswith("docs/"):
                found.add(place)
    return found


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent
