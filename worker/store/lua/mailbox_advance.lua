-- mailbox_advance: a mail was seen to: move the mark, remember the mail, and that it is to be filed.
--
-- KEYS 1 state    hash    see mailbox.lua
--      2 unfiled  hash    UID -> where the mail belongs
--      3 log      zset    digest of a mail -> ms at which it was seen to
--      4 mail     string  uid|filing|answered|ms|letter|conversation, of one digest
-- ARGV 1 fence · 2 UID · 3 now ms · 4 lease ms · 5 memory ms
--      6 digest, empty for a mail that was gone · 7 filing · 8 what is remembered
--
-- Returns 1, or 0 when the mailbox is another's. Repeating it changes nothing.

if not mailbox_held(KEYS[1], ARGV[1]) then return 0 end
local now, uid = tonumber(ARGV[3]), tonumber(ARGV[2])
local mark = tonumber(redis.call('HGET', KEYS[1], 'mark') or 0)
redis.call('HSET', KEYS[1], 'until', now + tonumber(ARGV[4]), 'mark', string.format('%d', math.max(mark, uid)))
redis.call('HDEL', KEYS[1], 'tried')
if ARGV[6] ~= '' then
  redis.call('SET', KEYS[4], ARGV[8], 'PX', ARGV[5])
  redis.call('ZADD', KEYS[3], ARGV[3], ARGV[6])
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - tonumber(ARGV[5]))
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[7])
end
return 1
