"""Protection: whether a mail is signed or encrypted, so that an empty preview is no riddle."""

from email.message import Message

_PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PGP = "-----BEGIN PGP MESSAGE-----"
_PGP_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"


def protection(mail: Message, text: str) -> str:
    """Return `encrypted`, `signed` or nothing; signatures are not checked (RFC 1847, RFC 8551, RFC 9580)."""
    kind = mail.get_content_type()
    if kind in _PKCS7:
        return "signed" if mail.get_param("smime-type") == "signed-data" else "encrypted"
    if kind == "multipart/encrypted" or text.startswith(_PGP):
        return "encrypted"
    if kind == "multipart/signed" or text.startswith(_PGP_SIGNED):
        return "signed"
    return ""
