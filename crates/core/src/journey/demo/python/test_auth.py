import unittest

from src.auth import issue_token, validate_token


class ValidateToken(unittest.TestCase):
    def test_fresh_token_is_accepted(self):
        token = issue_token("ada", 60, now=1000)
        self.assertEqual(validate_token(token, now=1001), "ada")

    def test_garbage_is_rejected(self):
        self.assertIsNone(validate_token("garbage", now=1001))
