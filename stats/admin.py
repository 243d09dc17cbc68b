"""The admin's view of organisations, sources and queue targets; a token can be given here and never read back."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from stats.models import Organisation, QueueSetting, Source

# Django's own classes take type parameters in their stubs alone.
if TYPE_CHECKING:
    SourceFormBase = forms.ModelForm[Source]
    OrganisationAdminBase = admin.ModelAdmin[Organisation]
    SourceAdminBase = admin.ModelAdmin[Source]
    QueueSettingAdminBase = admin.ModelAdmin[QueueSetting]
else:
    SourceFormBase = forms.ModelForm
    OrganisationAdminBase = SourceAdminBase = QueueSettingAdminBase = admin.ModelAdmin


class SourceForm(SourceFormBase):
    """A source, with a field that takes a new token."""

    new_token = forms.CharField(
        required=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"}), help_text="Empty keeps the token there is."
    )

    class Meta:
        model = Source
        fields = ["organisation", "name", "provider", "live_url", "historic_url", "default_region", "enabled"]


@admin.register(Organisation)
class OrganisationAdmin(OrganisationAdminBase):
    """Organisations."""

    list_display = ["slug", "name", "timezone", "language"]


@admin.register(Source)
class SourceAdmin(SourceAdminBase):
    """Sources; whether a token is there shows as yes or no."""

    form = SourceForm
    list_display = ["name", "organisation", "provider", "enabled", "has_token"]

    @admin.display(boolean=True, description="token")
    def has_token(self, source: Source) -> bool:
        """Whether any token is kept."""
        return bool(source.sealed_token)

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        """Seals the new token, when one was typed."""
        if form.cleaned_data.get("new_token"):
            obj.token = form.cleaned_data["new_token"]
        super().save_model(request, obj, form, change)


@admin.register(QueueSetting)
class QueueSettingAdmin(QueueSettingAdminBase):
    """Targets of queues."""

    list_display = ["queue_key", "organisation", "target_s", "short_s", "share", "variant"]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[QueueSetting]) -> None:
        """One by one: what is in force from then on is written down with each."""
        for setting in queryset:
            setting.delete()
