-- mailbox_take: become the one who reads a mailbox, if nobody does.
--
-- KEYS 1 state  hash  see mailbox.lua
-- ARGV 1 now ms · 2 token · 3 lease ms
--
-- Returns the fence, or 0 when another one reads. The same token again returns the same fence.

local now = tonumber(ARGV[1])
local token, til = unpack(redis.call('HMGET', KEYS[1], 'token', 'until'))
if token ~= ARGV[2] then
  if token and tonumber(til) > now then return 0 end
  redis.call('HINCRBY', KEYS[1], 'fence', 1)
end
redis.call('HSET', KEYS[1], 'token', ARGV[2], 'until', now + tonumber(ARGV[3]))
return tonumber(redis.call('HGET', KEYS[1], 'fence'))
