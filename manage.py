#!/usr/bin/env python
"""The door for commands: `python manage.py up`, `demo`, `ingest`, `doctor` and the rest."""

import os
import sys


def main() -> None:
    """Runs the command of the command line; a wrong environment variable ends it with one line and exit code 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wallboard.settings")
    from wallboard.env import WrongSetting

    try:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except WrongSetting as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
