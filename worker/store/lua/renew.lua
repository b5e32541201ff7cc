-- renew: keep a claimed lane for longer.
--
-- KEYS 1 row  hash  seq fence attempt held suspect parked record
--      2 due  zset  lane -> ms at which to look at it next; the end of the lease while claimed
--      3 out  zset  lane -> end of its lease, see gate.lua
-- ARGV 1 now ms · 2 lane · 3 fence · 4 lease until ms
--
-- Returns 1, or 0 when the lane is no longer the holder's. A lease that has lapsed is over even where nobody has
-- taken the lane: its place among the lanes in flight may be another's by now.

local state = redis.call('HMGET', KEYS[1], 'fence', 'held')
if state[1] ~= ARGV[3] or state[2] ~= '1' then return 0 end
if tonumber(redis.call('ZSCORE', KEYS[2], ARGV[2])) <= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[2])
return 1
