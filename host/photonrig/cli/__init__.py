"""The ``photonrig`` program: one module for the words of each command, and NOUN_run for what takes more than a call."""
