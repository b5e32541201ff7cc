-- backlog: say what is due in a partition.
--
-- KEYS 1 due   zset  lane -> ms at which to look at it next
--      2 gate  hash  until (ms), reason
-- ARGV 1 now ms
--
-- Returns {lanes due, ms since which the oldest is due or '', end of the hold in ms or '', reason or ''}.

local now = tonumber(ARGV[1])
local oldest = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1)
local gate = redis.call('HMGET', KEYS[2], 'until', 'reason')
local held = gate[1] and tonumber(gate[1]) > now
return {redis.call('ZCOUNT', KEYS[1], '-inf', now), oldest[2] or '', held and gate[1] or '', held and gate[2] or ''}
