"""Post: a process that sends mails, many connections at once, and keeps every connection for many of them.

`python -m bench.post PORT COUNT CONNECTIONS FIRST` prints how many mails a second were taken. smtplib in a
thread for each connection: what a mail server's own queue does.
"""

import smtplib
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from bench.samples import mail

ADDRESS = "support@example.org"


def send(port: int, mails: Iterable[bytes]) -> None:
    """Send mails one after the other. Raises smtplib's errors for what is not taken."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as server:
        for each in mails:
            server.sendmail("ada@example.com", [ADDRESS], each)


def main(port: int, count: int, connections: int, first: int) -> float:
    """Send so many mails and return how many a second were taken."""
    mails = [mail(first + number) for number in range(count)]
    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        for _ in pool.map(lambda share: send(port, mails[share::connections]), range(connections)):
            pass
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    print(main(*map(int, sys.argv[1:])))  # noqa: T201 - its result
