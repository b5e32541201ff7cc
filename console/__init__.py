"""The console: who may look and act, and the one implementation of every act.

`actions` is what pages, the admin API and the command line call; `guard` stands before every page. The
command line imports this package; nothing here imports the command line.
"""
