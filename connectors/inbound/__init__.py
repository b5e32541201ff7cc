"""Mail that a provider received for us and posts to a webhook.

Each provider wraps a mail in its own way; one small module undoes that, and what is inside goes the very way
of mail by SMTP. Where the provider offers the raw mail it is taken; else a mail is composed of the fields
that it was taken apart into, with its original headers.
"""
