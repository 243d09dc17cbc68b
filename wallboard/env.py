"""Reads the environment into typed values, so that a wrong one is a single line that names it.

Rules: the process environment comes first, then the file `.env` (`ENV_FILE` names another; empty reads none). An empty
variable counts as not given. A secret may be given as NAME or as NAME_FILE, never both. No message repeats a secret.
"""

import os
import re
import shutil
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off")
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


class WrongSetting(Exception):
    """A variable holds what cannot be used; the text is one line: the name, what it is, what was expected."""

    def __init__(self, name: str, expected: str, given: str | None = None) -> None:
        self.name = name
        shown = "" if given is None else f", not {_one_line(given)!r}"
        super().__init__(f"{name}: expected {expected}{shown}")


def read_env_file(path: Path, into: MutableMapping[str, str]) -> None:
    """Adds the NAME=value lines of `path` that `into` does not hold yet; a missing file adds nothing."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        raise WrongSetting("ENV_FILE", f"a readable UTF-8 text file at {path}") from None
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        found = _ASSIGNMENT.fullmatch(line)
        if found is None:
            raise WrongSetting("ENV_FILE", f"NAME=value on line {number} of {path}")
        name, value = found.groups()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        else:
            value = re.sub(r"\s+#.*", "", value)
        into.setdefault(name, value)


class Environment:
    """Typed readers over one mapping of variables; each raises WrongSetting and nothing else."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def given(self, name: str) -> bool:
        """Whether the variable is there and not empty."""
        return bool(self._variables.get(name, "").strip())

    def text(self, name: str, default: str) -> str:
        """The value without surrounding blanks."""
        return self._variables.get(name, "").strip() or default

    def flag(self, name: str, default: bool) -> bool:
        """True or false in the usual words, any case."""
        value = self.text(name, "").lower()
        if not value:
            return default
        if value in TRUE_WORDS:
            return True
        if value in FALSE_WORDS:
            return False
        raise WrongSetting(name, "one of " + ", ".join((*TRUE_WORDS, *FALSE_WORDS)), value)

    def integer(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number in a closed range."""
        value = self.text(name, "")
        if not value:
            return default
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value) or not least <= int(value) <= most:
            raise WrongSetting(name, f"a whole number from {least} to {most}", value)
        return int(value)

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """A decimal number in a closed range; never NaN."""
        value = self.text(name, "")
        if not value:
            return default
        try:
            parsed = float(value)
        except ValueError:
            parsed = float("nan")
        if not least <= parsed <= most:
            raise WrongSetting(name, f"a number from {least:g} to {most:g}", value)
        return parsed

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of the allowed words, any case."""
        value = self.text(name, default).lower()
        if value not in allowed:
            raise WrongSetting(name, "one of " + ", ".join(allowed), value)
        return value

    def words(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A comma-separated list without empty parts."""
        value = self.text(name, "")
        return tuple(part.strip() for part in value.split(",") if part.strip()) if value else default

    def hosts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Host names or addresses without scheme, port or path, as Django's ALLOWED_HOSTS wants them."""
        hosts = self.words(name, default)
        for host in hosts:
            if not re.fullmatch(r"\*|\.?[A-Za-z0-9_]([A-Za-z0-9_.-]*)|\[[0-9A-Fa-f:.]+\]", host):
                raise WrongSetting(name, "host names separated by commas, without scheme, port or path", host)
        return hosts

    def origins(self, name: str) -> tuple[str, ...]:
        """Full origins such as https://wall.example.org:8443, lower case and without a path."""
        origins = self.words(name, ())
        for origin in origins:
            if not re.fullmatch(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?", origin):
                raise WrongSetting(name, "full origins separated by commas, such as https://wall.example.org", origin)
        return tuple(origin.lower() for origin in origins)

    def address(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        """A URL with one of the schemes; one that could carry a password is never repeated in the message."""
        value = self.text(name, default)
        if value:
            split_address(name, value, schemes)
        return value

    def zone(self, name: str, default: str) -> str:
        """The IANA name of a time zone."""
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise WrongSetting(name, "the IANA name of a time zone, such as Europe/Stockholm", value) from None
        return value

    def directory(self, name: str, default: Path, *, base: Path) -> Path:
        """An absolute path, relative ones counted from `base`; made private to its owner when it is not there yet."""
        path = Path(os.path.abspath(base / Path(self.text(name, str(default))).expanduser()))
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            writable = os.access(path, os.R_OK | os.W_OK | os.X_OK)
        except OSError:
            writable = False
        if not writable:
            raise WrongSetting(name, "a directory that can be made and written to", str(path))
        return path

    def program(self, name: str) -> str:
        """The absolute path of a program that may be run, given as a path or as a name on PATH; empty when not given."""
        value = self.text(name, "")
        found = shutil.which(os.path.expanduser(value)) if value else ""
        if found is None:
            raise WrongSetting(name, "the path of a program, or its name on PATH", value)
        return os.path.abspath(found) if found else ""

    def secret_address(self, name: str, schemes: tuple[str, ...]) -> str:
        """A URL that may hold a password, so it may come from a file too; empty when not given."""
        value = self.secret(name)
        if value:
            split_address(name, value, schemes)
        return value

    def secret(self, name: str) -> str:
        """The secret of NAME, or of the file NAME_FILE names; empty when neither is given."""
        from_file = self.text(f"{name}_FILE", "")
        value = self.text(name, "")
        if from_file:
            if value:
                raise WrongSetting(f"{name}_FILE", f"to be given alone, but {name} is given too")
            try:
                value = Path(from_file).expanduser().read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                raise WrongSetting(f"{name}_FILE", "the path of a readable text file", from_file) from None
            if not value:
                raise WrongSetting(f"{name}_FILE", "a file that is not empty", from_file)
        if not value.isprintable():
            raise WrongSetting(f"{name}_FILE" if from_file else name, "printable characters on one line (the value is not shown)")
        return value


def split_address(name: str, value: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of a URL whose scheme is one of `schemes`; raises WrongSetting without repeating the value."""
    expected = "an address that starts with " + " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(value)
        in_order = parts.scheme in schemes and bool(parts.netloc or parts.path.strip("/")) and (parts.port is None or parts.port > 0)
    except ValueError:
        in_order = False
    if not in_order or not value.isprintable() or " " in value:
        raise WrongSetting(name, f"{expected} (the value is not shown: it may hold a password)")
    return parts


def _one_line(value: str) -> str:
    """A value short and plain enough to be repeated in an error."""
    flat = " ".join(value.split())
    return flat if len(flat) <= 80 else flat[:77] + "..."
