"""Tokens of the auth service."""

import time


def issue_token(user, lifetime, now=None):
    """Return a token that names the user and when it expires."""
    now = time.time() if now is None else now
    return f"{user}:{int(now + lifetime)}"


def validate_token(token, now=None):
    """Return the user of a valid token, else None."""
    user, _, expires = token.rpartition(":")
    if not user or not expires.isdigit():
        return None
    return user
