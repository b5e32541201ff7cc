"""The command line, and what it starts: the bridge as one person sees it."""
