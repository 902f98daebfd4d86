"""Roots of addresses that begin with a slash: the root of a tree, and the roots of the sites that
configuration files in it describe. Takes names of files and returns folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from wiki.text.paths import join, name_of, parent_of, resolve

# Names of configuration files, and the folders beside them from which the sites are served. A colon
# separates the key whose value is the folder from the default folder.
_CONFIGURATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"mkdocs\.ya?ml", ("docs_dir:docs",)),
    (r"docusaurus\.config\.\w+", ("static", "docs", "")),
    (r"(hugo|config)\.(toml|ya?ml|json)", ("content", "static", "assets")),
    (r"_config\.ya?ml", ("source:",)),
    (r"\.gitbook\.ya?ml", ("root:",)),
    (r"book\.toml", ("src:src",)),
    (r"astro\.config\.\w+", ("src/content/docs", "src/content", "public")),
    (r"conf\.py|_quarto\.ya?ml|_toc\.ya?ml|docfx\.json|\.nojekyll", ("",)),
    (r"(next|nuxt|gatsby|vite|svelte)[\w.-]*\.config\.\w+", ("public", "static", "content")),
)
_IN_FOLDERS = {".vitepress": ("", "public"), ".vuepress": ("", ".vuepress/public")}
_MOST_SITES = 200


@dataclass(frozen=True)
class Site:
    """A folder with a configuration, and the folders at which its addresses start."""

    folder: str
    roots: tuple[str, ...]


def find_sites(names: Collection[str], read: Callable[[str], str]) -> list[Site]:
    """Find the sites in a tree, the deepest first.

    :param names: names of all files of the tree, including hidden ones.
    :param read: returns the text of a file, empty if it cannot be read.
    """
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        if len(found) > _MOST_SITES:
            break
        folder = parent_of(name) or ""
        roots = found.setdefault(folder, [])
        for pattern, served in _CONFIGURATIONS:
            if re.fullmatch(pattern, name_of(name)):
                for one in served:
                    key, colon, default = one.rpartition(":")
                    value = _value(read(name), key) if colon else ""
                    roots.append(resolve(folder, value or default) or "")
        tool, above = name_of(folder), parent_of(folder) or ""
        for one in _IN_FOLDERS.get(tool, ()):
            found.setdefault(above, []).append(join(above, one))
        if not roots:
            del found[folder]
    sites = [Site(folder, tuple(dict.fromkeys(roots))) for folder, roots in found.items() if roots]
    return sorted(
        sites, key=lambda site: (-site.folder.count("/") - bool(site.folder), site.folder)
    )


def roots_for(file: str, sites: Collection[Site]) -> list[str]:
    """Return the folders at which addresses in a file may start, the likeliest first: those of the
    sites that contain it, the root of the tree, those of other sites."""
    inside = [site for site in sites if not site.folder or file.startswith(f"{site.folder}/")]
    outside = [site for site in sites if site not in inside]
    roots = [root for site in inside for root in site.roots]
    return list(dict.fromkeys([*roots, "", *(root for site in outside for root in site.roots)]))


def _value(text: str, key: str) -> str:
    """Return the value of a key at the top level of YAML, or in any table of TOML."""
    found = re.search(rf"""(?m)^{key}\s*[:=]\s*["']?([^"'#\n]*)""", text[: 1 << 20])
    return found[1].strip().strip("/").removeprefix("./") if found else ""
