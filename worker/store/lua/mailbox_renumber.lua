-- mailbox_renumber: begin from the first mail, because the server numbers its mails anew.
--
-- KEYS 1 state    hash  see mailbox.lua
--      2 unfiled  hash  UID -> where the mail belongs
-- ARGV 1 fence · 2 UIDVALIDITY
--
-- Returns 1, or 0 when the mailbox is another's. Repeating it changes nothing.

if not mailbox_held(KEYS[1], ARGV[1]) then return 0 end
if redis.call('HGET', KEYS[1], 'validity') ~= ARGV[2] then
  redis.call('HSET', KEYS[1], 'validity', ARGV[2], 'mark', 0)
  redis.call('HDEL', KEYS[1], 'tried')
  redis.call('DEL', KEYS[2])
end
return 1
