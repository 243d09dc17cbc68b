"""Every safety rule of docs/reliability.md, with the lines that keep it and the tests that miss it."""

from tests.rules import delivery, mending, merging, past, processes, screens, secrets, store, upkeep
from tests.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    *merging.RULES,
    *store.RULES,
    *past.RULES,
    *mending.RULES,
    *screens.RULES,
    *delivery.RULES,
    *upkeep.RULES,
    *processes.RULES,
    *secrets.RULES,
)
