"""How often a process that others wait for looks for garbage: seldom, and never among what was imported."""

import gc


def look_seldom() -> None:
    """From here on; asked for once everything has been imported."""
    # To look for garbage everywhere takes a tenth of a second in which nobody is answered. What was imported is never garbage, and most
    # of what a page leaves behind is gone by itself when it is looked for less often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 10)
