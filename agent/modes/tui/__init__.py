"""The full-screen mode: events of the loop on one screen."""
