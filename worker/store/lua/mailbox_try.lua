-- mailbox_try: note that a mail is begun, so that one which ends its readers is noticed.
--
-- KEYS 1 state  hash  see mailbox.lua; tried UID, tries count, since ms of the first, try the last one's id
-- ARGV 1 fence · 2 UID · 3 id of this try · 4 now ms
--
-- Returns {tries, ms of the first}, or nothing when the mailbox is another's. The same id is counted once.

if not mailbox_held(KEYS[1], ARGV[1]) then return {} end
if redis.call('HGET', KEYS[1], 'tried') ~= ARGV[2] then
  redis.call('HSET', KEYS[1], 'tried', ARGV[2], 'tries', 0, 'since', ARGV[4], 'try', '')
end
if redis.call('HGET', KEYS[1], 'try') ~= ARGV[3] then
  redis.call('HSET', KEYS[1], 'try', ARGV[3])
  redis.call('HINCRBY', KEYS[1], 'tries', 1)
end
local tries, since = unpack(redis.call('HMGET', KEYS[1], 'tries', 'since'))
return {tonumber(tries), tonumber(since)}
