"""The drain: from due lanes to settled commands.

`plan` and `judge` decide, `backoff` computes; `lane` delivers one lane, `crew` works on many at once.
"""
