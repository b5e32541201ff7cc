-- mailbox_filed: mails were moved or marked on the server.
--
-- KEYS 1 state    hash  see mailbox.lua
--      2 unfiled  hash  UID -> where the mail belongs
-- ARGV 1 fence · 2... UIDs
--
-- Returns 1, or 0 when the mailbox is another's. Repeating it changes nothing.

if not mailbox_held(KEYS[1], ARGV[1]) then return 0 end
for each = 2, #ARGV do redis.call('HDEL', KEYS[2], ARGV[each]) end
return 1
