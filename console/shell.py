"""The shell: commands of the bridge, to be pasted into one."""

import shlex


def command(*words: str) -> str:
    """Return a command of the bridge in a form that can be pasted into a shell, whatever its words hold."""
    return f"`{shlex.join(('bridge', *words))}`"
