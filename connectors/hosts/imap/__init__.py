"""The IMAP host: mailboxes that are read, each by one poller at a time, however many are started."""
