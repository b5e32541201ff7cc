-- backlog: say what waits in a partition, and what holds it up.
--
-- KEYS 1 due   zset  lane -> ms at which to look at it next
--      2 gate  hash  the service's brake, see gate.lua
--      3 dead  zset  letter id -> ms of its burial
--      4 out   zset  lane -> end of its lease, see gate.lua
--      5 outbox  stream  notices for subscribers
-- ARGV 1 now ms
--
-- Returns {lanes due, lanes with work, ms since which the oldest is due or '', end of the hold in ms or '',
-- its reason or '', why it is paused or '', 1 when one lane at a time may try, dead letters,
-- lanes in flight, notices not passed on}.

local now = tonumber(ARGV[1])
local oldest = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1)
local gate = redis.call('HMGET', KEYS[2], 'until', 'reason', 'paused', 'ajar')
local held = gate[1] and tonumber(gate[1]) > now
return {
  redis.call('ZCOUNT', KEYS[1], '-inf', now), redis.call('ZCARD', KEYS[1]), oldest[2] or '',
  held and gate[1] or '', (held or gate[4]) and gate[2] or '', gate[3] or '', gate[4] and 1 or 0,
  redis.call('ZCARD', KEYS[3]), redis.call('ZCOUNT', KEYS[4], '(' .. now, '+inf'),
  redis.call('XLEN', KEYS[5]),
}
