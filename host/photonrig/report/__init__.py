"""Reports of a run: terminal table, JUnit XML, and one self-contained HTML page."""
