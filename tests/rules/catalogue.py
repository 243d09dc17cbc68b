"""Every safety rule of docs/reliability.md, with the lines that keep it and the tests that miss it."""

from tests.rules import (
    delivery,
    desk,
    doors,
    forgetting,
    mending,
    merging,
    past,
    posts,
    processes,
    proof,
    screens,
    secrets,
    sight,
    store,
    upkeep,
)
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
    *proof.RULES,
    *desk.RULES,
    *sight.RULES,
    *doors.RULES,
    *forgetting.RULES,
    *posts.RULES,
)
