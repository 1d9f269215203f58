import unittest

from src.profile import greeting


class Greeting(unittest.TestCase):
    def test_greeting_asks_to_sign_in(self):
        self.assertEqual(greeting("garbage"), "Please sign in")
