-- defer: give the lane back with its head, to be looked at when due.
--
-- KEYS 1 row      hash  seq fence attempt held suspect parked record
--      2 due      zset  lane -> ms at which to look at it next
--      3 history  list  one JSON line for each thing that happened
-- ARGV 1 lane · 2 fence · 3 due ms · 4 suspect 0|1 · 5 counted 0|1 · 6 history line · 7 history cap
--
-- Returns waiting or stale. Repeating it changes nothing.

local state = redis.call('HMGET', KEYS[1], 'fence', 'held', 'attempt')
if state[1] ~= ARGV[2] then return 'stale' end
if state[2] ~= '1' then return 'waiting' end

local attempt = tonumber(state[3])
if ARGV[5] == '0' then attempt = attempt - 1 end
redis.call('HSET', KEYS[1], 'held', 0, 'suspect', ARGV[4], 'attempt', attempt)
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('RPUSH', KEYS[3], ARGV[6])
redis.call('LTRIM', KEYS[3], -tonumber(ARGV[7]), -1)
return 'waiting'
