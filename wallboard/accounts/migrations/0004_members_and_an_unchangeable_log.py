"""Whoever could look before belongs to the first organisation now, and the database itself refuses to change a line of the audit log."""

from typing import Any

from django.db import migrations

TABLE = "accounts_auditentry"
SQLITE = f"""
CREATE TRIGGER audit_unchangeable BEFORE UPDATE ON {TABLE}
BEGIN SELECT RAISE(ABORT, 'a line of the audit log is not changed'); END;
"""
POSTGRESQL = f"""
CREATE FUNCTION audit_unchangeable() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a line of the audit log is not changed'; END $$;
CREATE TRIGGER audit_unchangeable BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_unchangeable();
"""
UNDO = {
    "sqlite": "DROP TRIGGER audit_unchangeable;",
    "postgresql": f"DROP TRIGGER audit_unchangeable ON {TABLE}; DROP FUNCTION audit_unchangeable();",
}


def _guard(_apps: Any, schema: Any) -> None:
    schema.execute(SQLITE if schema.connection.vendor == "sqlite" else POSTGRESQL)


def _unguard(_apps: Any, schema: Any) -> None:
    schema.execute(UNDO[schema.connection.vendor])


def _enrol(apps: Any, _schema: Any) -> None:
    """Staff administered until now, the others looked."""
    organisation = apps.get_model("stats", "Organisation").objects.filter(slug="default").first()
    if organisation is None:
        return
    memberships = apps.get_model("accounts", "Membership").objects
    for person in apps.get_model("auth", "User").objects.all():
        role = "admin" if person.is_superuser or person.is_staff else "viewer"
        memberships.get_or_create(user=person, organisation=organisation, defaults={"role": role})


def _leave(_apps: Any, _schema: Any) -> None:
    """Going back needs nothing."""


class Migration(migrations.Migration):
    """Members, and the guard of the log."""

    dependencies = [
        ("accounts", "0003_people"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(_enrol, _leave), migrations.RunPython(_guard, _unguard)]
