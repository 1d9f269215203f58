"""What a signed-in user sees."""

from src.auth import validate_token


def greeting(token, now=None):
    """Return the line at the top of the page."""
    user = validate_token(token, now)
    return f"Hello {user}" if user else "Please sign in"
