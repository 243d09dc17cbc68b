"""The product's own settings over a throw-away VAR_DIR, so that a test run never meets a real installation's files."""

import atexit
import os
import shutil
import tempfile

for _name in ("DATABASE_URL", "REDIS_URL", "TELAVOX_TOKEN", "BOOTSTRAP_API_TOKEN", "ADMIN_PASSWORD", "CLOCK_OFFSET_S", "ALLOWED_HOSTS"):
    for _spelling in (_name, f"{_name}_FILE"):
        os.environ.pop(_spelling, None)
# A second engine is asked for by its own name, so that nobody's real database is emptied by a test.
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
os.environ["ENV_FILE"] = ""
os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="wbtest-")
os.environ["SECRET_KEY"] = "only for tests: 0123456789abcdef0123456789abcdef"
atexit.register(shutil.rmtree, os.environ["VAR_DIR"], ignore_errors=True)

from wallboard.settings import *  # noqa: E402, F403

# Hashing slowly on purpose is for real passwords.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
