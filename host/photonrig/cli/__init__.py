"""The ``photonrig`` program: one module per command with its options, and NOUN_run with its work."""
