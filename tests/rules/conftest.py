"""What tests of single rules share: a module of the television's script, alone in a real browser."""

from tests.browser.tv.conftest import module, stage
from tests.push.conftest import open_board, token, worker

__all__ = ["module", "open_board", "stage", "token", "worker"]
