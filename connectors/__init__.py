"""Connectors: from what a channel delivers to commands, and the doors it comes in by.

`base` holds the words, `reception` the order of things, `registry` what exists; a folder per kind of channel
does the translating, and `hosts` speaks the protocols. Of `worker`, only the vocabulary may be imported here.
"""
