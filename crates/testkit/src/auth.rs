//! The auth service of the manual's first page: a small Python package that lets expired tokens in.

/// `src/auth.py` with the bug.
pub const SOURCE: &str = r#""""Tokens of the auth service."""

import time


def issue_token(user, lifetime, now=None):
    """Return a token that names the user and when it expires."""
    now = time.time() if now is None else now
    return f"{user}:{int(now + lifetime)}"


def validate_token(token, now=None):
    """Return the user of a valid token, else None."""
    now = time.time() if now is None else now
    user, _, expires = token.rpartition(":")
    if not user or not expires.isdigit():
        return None
    return user
"#;

/// `src/auth.py` with the fix.
pub const FIXED_SOURCE: &str = r#""""Tokens of the auth service."""

import time


def issue_token(user, lifetime, now=None):
    """Return a token that names the user and when it expires."""
    now = time.time() if now is None else now
    return f"{user}:{int(now + lifetime)}"


def validate_token(token, now=None):
    """Return the user of a valid token, else None."""
    now = time.time() if now is None else now
    user, _, expires = token.rpartition(":")
    if not user or not expires.isdigit() or int(expires) <= now:
        return None
    return user
"#;

/// `tests/test_auth.py` as it is in production.
pub const TESTS: &str = r#"from src.auth import issue_token, validate_token


def test_fresh_token_is_accepted():
    assert validate_token(issue_token("ada", 60, now=1000), now=1001) == "ada"


def test_garbage_is_rejected():
    assert validate_token("garbage") is None
"#;

/// `tests/test_auth.py` with the test that reproduces the bug: [`NEW_TEST`] fails with [`SOURCE`] and passes with
/// [`FIXED_SOURCE`].
pub const TESTS_WITH_NEW: &str = r#"from src.auth import issue_token, validate_token


def test_fresh_token_is_accepted():
    assert validate_token(issue_token("ada", 60, now=1000), now=1001) == "ada"


def test_garbage_is_rejected():
    assert validate_token("garbage") is None


def test_expired_token_is_rejected():
    assert validate_token(issue_token("ada", 60, now=1000), now=1060) is None
"#;

/// The test that reproduces the bug, as pytest names it.
pub const NEW_TEST: &str = "tests/test_auth.py::test_expired_token_is_rejected";

/// All files of the service as in production, with their paths.
pub fn files() -> Vec<(&'static str, &'static [u8])> {
    let files = [
        (".gitignore", IGNORED),
        ("setup.cfg", SETUP),
        ("src/__init__.py", ""),
        ("src/auth.py", SOURCE),
        ("src/profile.py", PROFILE),
        ("tests/test_auth.py", TESTS),
        ("tests/test_profile.py", PROFILE_TESTS),
    ];
    files.map(|(path, text)| (path, text.as_bytes())).to_vec()
}

pub(crate) const IGNORED: &str = ".env\n.pytest_cache/\n__pycache__/\n";

pub(crate) const PROFILE: &str = r#""""What a signed-in user sees."""

from src.auth import validate_token


def greeting(token, now=None):
    """Return the line at the top of the page."""
    user = validate_token(token, now)
    return f"Hello {user}" if user else "Please sign in"
"#;

pub(crate) const PROFILE_TESTS: &str = r#"from src.profile import greeting


def test_greeting_names_the_user():
    assert greeting("ada:2000", now=1000) == "Hello ada"


def test_greeting_asks_to_sign_in():
    assert greeting("garbage") == "Please sign in"
"#;

pub(crate) const SETUP: &str = "\
[flake8]
max-line-length = 100
exclude = .git,__pycache__

[tool:pytest]
testpaths = tests
pythonpath = .
";
