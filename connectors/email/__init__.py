"""Mail: a message opens a conversation, another one in its thread changes it.

Every mail sets every one of these properties (empty where the mail says nothing), so that a reply never
leaves a value of an earlier mail standing. All values are strings.

| property | what it holds |
|---|---|
| `Subject` | the subject, decoded, on one line |
| `FromAddress` | the first address of From |
| `FromName` | the name beside it |
| `ToAddress` | the first address of To |
| `SentAt` | the Date header in UTC, ISO 8601: the sender's word, which may be wrong |
| `MessageId` | the mail's own Message-ID, without its brackets |
| `ThreadId` | the Message-ID of the mail that began the thread, as far as this mail says |
| `Preview` | the beginning of the new text, without what it quotes and without its signature |
| `PreviewTruncated` | `true` when there is more new text than the preview shows, else `false` |
| `AttachmentCount` | how many attachments it has; pictures shown in its text are none |
| `AttachmentNames` | their names with commas between them, `?` for one without a name |
| `Protection` | `encrypted`, `signed`, or empty; signatures are not checked |
| `MailClass` | which kind of program wrote it, where the channel tags that kind; empty for a person |
| `AuthResult` | `pass`, `fail` or `none`: what a server that the channel believes says of the sender |
| `MessageLink` | where an agent reads the whole mail; only where `[links]` are configured, then always |
"""
