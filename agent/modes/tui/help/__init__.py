"""Help of the full-screen mode: keys, commands, and a palette of them."""
