"""Mail: a message opens a conversation, a reply in its thread changes it.

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
| `ThreadId` | the Message-ID of the mail that began the thread |
| `Preview` | the beginning of the text |
| `PreviewTruncated` | `true` when there is more text than the preview shows, else `false` |
"""
