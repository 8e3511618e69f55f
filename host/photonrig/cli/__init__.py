"""The command line: what each task prints, asks and ends with."""
