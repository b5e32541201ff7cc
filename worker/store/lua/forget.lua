-- forget: forget the deliveries that a channel let go before a time.
--
-- KEYS 1 times  zset  id -> ms at which it came
--      2 notes  hash  id -> note (JSON)
-- ARGV 1 ms: what came before it
--
-- Returns how many. There are never many, see note.lua. Repeating it finds no more.

local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1])
for _, id in ipairs(old) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
return #old
