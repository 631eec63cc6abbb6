# SPDX-License-Identifier: GPL-2.0-only
"""Where packages come from: asked of the apt of this machine, never written down.

The archive that this machine itself uses serves every suite; only the suite's name is replaced.
"""
import re
import subprocess

from errors import UserError

# Releases with no security archive, or with one that has lost the kernel.
WITHOUT_SECURITY = ("bullseye", "sid")
_FORMAT = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"
_EXPIRED = re.compile(r"Release file for \S*/dists/([^/\s]+)/\S* is expired")


def parse_targets(text):
    """(main URI, security URI or None) out of `apt-get indextargets` in _FORMAT.

    UserError when apt knows no Debian archive."""
    found = {}
    for line in text.splitlines():
        origin, label, component, uri = line.split("|")
        if origin == "Debian" and component == "main":
            found.setdefault(label, uri)
    if "Debian" not in found:
        raise UserError(
            "apt knows no Debian archive: check its sources, then run 'apt-get update'"
        )
    return found["Debian"], found.get("Debian-Security")


def archives():
    """(main URI, security URI or None) of this machine."""
    output = subprocess.run(
        ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"],
        check=True, capture_output=True, text=True,
    ).stdout
    return parse_targets(output)


def sources(release, suites, uris, expired=()):
    """The sources.list lines for a release and further suites of its archive.

    Suites in `expired` are taken past their date."""
    main, security = uris
    lines = [_line(main, suite, expired) for suite in (release, *suites)]
    if security and release not in WITHOUT_SECURITY:
        lines.append(_line(security, release + "-security", expired))
    return lines


def preferences(suite):
    """The text for apt_preferences that takes kernel packages from a suite where it has newer ones."""
    return f"Package: linux-*\nPin: release a={suite}\nPin-Priority: 500\n"


def _line(uri, suite, expired):
    option = "[check-valid-until=no] " if suite in expired else ""
    return f"deb {option}{uri} {suite} main"


def expired_suites(log):
    """Names of the suites that apt refused in this log because their Release is out of date."""
    return set(_EXPIRED.findall(log))


def needs_file_access(uris):
    """Whether an archive lies on a local path, which mmdebstrap must make visible inside."""
    return any(uri and uri.startswith(("file:", "copy:")) for uri in uris)
