"""What a safety rule is to this test bench: the sentence, the lines that keep it, and the tests that miss it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of docs/reliability.md. `old` stands once in `path`; with `new` in its place the rule is gone, and one of `tests` fails.

    A rule that is kept in several places has an entry for each; `part` tells those of one file apart.
    """

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]
    part: str = ""

    @property
    def identity(self) -> str:
        """The rule and the place."""
        return f"{self.name} ({self.path}{', ' + self.part if self.part else ''})"

    def taken_out(self, text: str) -> str:
        """The file without the rule. Raises ValueError when the lines that keep it are not there exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.path}: the lines of {self.name!r} are there {text.count(self.old)} times")
        return text.replace(self.old, self.new)


def is_there(test: str, root: Path) -> bool:
    """Whether a test that an entry names exists."""
    file, _, name = test.partition("::")
    path = root / file
    return path.is_file() and (not name or f"def {name}(" in path.read_text(encoding="utf-8"))
