"""The mailroom: pages on which an agent reads a whole message, behind signed links.

Nothing of a message is trusted: HTML is cleaned and shown in a frame that may do nothing, pictures from
elsewhere stay out, attachments are downloads and never pages.
"""
