"""The admin's view of tokens: they can be seen by name and revoked, never read."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from wallboard.accounts.models import ApiToken, Screen

# Django's own classes take type parameters in their stubs alone.
if TYPE_CHECKING:
    ApiTokenAdminBase = admin.ModelAdmin[ApiToken]
    ScreenAdminBase = admin.ModelAdmin[Screen]
else:
    ApiTokenAdminBase = ScreenAdminBase = admin.ModelAdmin


@admin.action(description="Revoke")
def revoke(_admin: object, _request: HttpRequest, chosen: QuerySet[ApiToken] | QuerySet[Screen]) -> None:
    """Revokes the chosen tokens."""
    for token in chosen:
        token.revoke()


class _NobodyAdds:
    """Tokens are made by commands, which show them once; a form could not."""

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Never."""
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(_NobodyAdds, ApiTokenAdminBase):
    """API tokens."""

    actions = (revoke,)
    readonly_fields = ("created_at", "revoked_at")
    list_display = ("name", "organisation", "created_at", "last_used_at", "revoked_at")


@admin.register(Screen)
class ScreenAdmin(_NobodyAdds, ScreenAdminBase):
    """Screen tokens."""

    actions = (revoke,)
    readonly_fields = ("created_at", "revoked_at")
    list_display = ("name", "board", "organisation", "created_at", "revoked_at")
