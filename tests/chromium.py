"""Finds the browser that the browser tests drive, or installs one: `python -m tests.chromium`.

Order: CHROMIUM, when it names a program; an installed Chromium or Chrome; as root on Debian, apt; else Playwright's own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_A_MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# Nothing of a test run leaves this machine: a browser's own errands are turned off.
LAUNCH_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def installed_browser() -> str | None:
    """The path of a Chromium or Chrome on this machine, or None."""
    asked = os.environ.get("CHROMIUM", "")
    if asked:
        return shutil.which(asked)
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return next((path for path in ON_A_MAC if os.access(path, os.X_OK)), None)


def playwrights_own() -> str | None:
    """The path of the Chromium that Playwright downloaded, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find_browser() -> str | None:
    """The path of the browser to drive, or None."""
    return installed_browser() or playwrights_own()


def install_browser() -> None:
    """Installs one, by apt where that is possible and by Playwright otherwise."""
    if os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], check=False, env=quiet)
        done = subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-dejavu-core"], env=quiet)
        if done.returncode == 0 and installed_browser():
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Prints the browser's path; 1 when there is none and CI=true."""
    if find_browser() is None:
        install_browser()
    found = find_browser()
    if found:
        print(f"browser: {found}")
        return 0
    print("browser: none found, and none could be installed; the browser tests are skipped", file=sys.stderr)
    return 1 if os.environ.get("CI", "").lower() in ("1", "true") else 0


if __name__ == "__main__":
    sys.exit(main())
