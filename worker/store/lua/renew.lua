-- renew: keep a claimed lane for longer.
--
-- KEYS 1 row  hash  seq fence attempt held suspect parked record
--      2 due  zset  lane -> ms at which to look at it next
--      3 out  zset  lane -> end of its lease, see gate.lua
-- ARGV 1 lane · 2 fence · 3 lease until ms
--
-- Returns 1, or 0 when the lane is no longer the holder's.

local state = redis.call('HMGET', KEYS[1], 'fence', 'held')
if state[1] ~= ARGV[2] or state[2] ~= '1' then return 0 end
redis.call('ZADD', KEYS[2], 'XX', ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[3], 'XX', ARGV[3], ARGV[1])
return 1
