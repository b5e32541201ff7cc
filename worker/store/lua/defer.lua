-- defer: give the lane back with its head, to be looked at when due.
--
-- KEYS 1 row      hash  seq fence attempt held suspect parked record
--      2 due      zset  lane -> ms at which to look at it next
--      3 history  list  one JSON line for each thing that happened
--      4 gate     hash  the service's brake, see gate.lua
--      5 out      zset  lane -> end of its lease, see gate.lua
--      6 pace     hash  counts, see pace.lua
-- ARGV 1 now ms · 2 lane · 3 fence · 4 due ms · 5 suspect 0|1 · 6 counted 0|1 · 7 failed 0|1 · 8 calls made
--      9 history line, empty for none · 10 history cap · 11 gate limits · 12 channel
--
-- Returns waiting, tripped (this failure shut the gate) or stale. Repeating it changes nothing.

local now = tonumber(ARGV[1])
local limits = gate_limits(ARGV[11])
local state = redis.call('HMGET', KEYS[1], 'fence', 'held', 'attempt')
if state[1] ~= ARGV[3] then return 'stale' end
if state[2] ~= '1' then return 'waiting' end

local attempt = tonumber(state[3])
if ARGV[6] == '0' then attempt = attempt - 1 end
redis.call('HSET', KEYS[1], 'held', 0, 'suspect', ARGV[5], 'attempt', attempt)
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[2])
redis.call('ZREM', KEYS[5], ARGV[2])
if ARGV[9] ~= '' then
  redis.call('RPUSH', KEYS[3], ARGV[9])
  redis.call('LTRIM', KEYS[3], -tonumber(ARGV[10]), -1)
end
if ARGV[8] ~= '0' then pace_count(KEYS[6], 'failed', 1, now, ARGV[12]) end
if ARGV[7] == '1' and gate_failed(KEYS[4], limits, tonumber(ARGV[8]), now) == 1 then return 'tripped' end
if ARGV[7] == '0' then
  gate_spend(KEYS[4], limits, tonumber(ARGV[8]) - 1, now)
  if redis.call('HGET', KEYS[4], 'prober') == ARGV[2] then redis.call('HDEL', KEYS[4], 'probe', 'prober') end
end
return 'waiting'
