"""`manage.py setup_code`: the address at which the first account is made; nothing, when somebody has one."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from wallboard.accounts import first_run


class Command(BaseCommand):
    """Prints an address that opens until the first account is there."""

    help = "Prints the address at which the first account is made, or nothing when somebody has an account."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """The address, with PUBLIC_URL where that is given."""
        code = first_run.begin()
        if code:
            home = settings.PUBLIC_URL.rstrip("/") or f"http://127.0.0.1:{settings.PORT}"
            self.stdout.write(f"{home}{reverse('setup')}?code={code}")
