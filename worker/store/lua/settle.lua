-- settle: take what is done out of the lane and write the ledger.
--
-- KEYS 1 lane     list  sequence|receipt|accepted|command, oldest first
--      2 row      hash  seq fence attempt held suspect parked record
--      3 due      zset  lane -> ms at which to look at it next
--      4 active   zset  open interactions -> ms of their last activity
--      5 history  list  one JSON line for each thing that happened
-- ARGV 1 now ms · 2 lane · 3 fence · 4 done up to this sequence · 5 record · 6 history line · 7 keep 0|1
--      8 lease ms · 9 activity ms, empty when not open · 10 retention ms of what ended · 11 history cap
--
-- Returns kept, waiting, empty or stale. Repeating it pops nothing twice and writes nothing twice.

local now = tonumber(ARGV[1])
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[3] then return 'stale' end

local popped = 0
while true do
  local head = redis.call('LINDEX', KEYS[1], 0)
  if not head or tonumber(string.match(head, '^(%d+)|')) > tonumber(ARGV[4]) then break end
  redis.call('LPOP', KEYS[1])
  popped = popped + 1
end
local waiting = redis.call('LLEN', KEYS[1])

if popped == 0 then
  if waiting == 0 then return 'empty' end
  return redis.call('HGET', KEYS[2], 'held') == '1' and 'kept' or 'waiting'
end

redis.call('RPUSH', KEYS[5], ARGV[6])
redis.call('LTRIM', KEYS[5], -tonumber(ARGV[11]), -1)
if ARGV[9] == '' then
  redis.call('ZREM', KEYS[4], ARGV[2])
else
  redis.call('ZADD', KEYS[4], ARGV[9], ARGV[2])
end

if waiting > 0 and ARGV[7] == '1' then
  redis.call('HSET', KEYS[2], 'record', ARGV[5], 'attempt', 1, 'suspect', 0)
  redis.call('ZADD', KEYS[3], now + tonumber(ARGV[8]), ARGV[2])
  return 'kept'
end

redis.call('HSET', KEYS[2], 'record', ARGV[5], 'attempt', 0, 'held', 0, 'suspect', 0)
if waiting > 0 then
  redis.call('ZADD', KEYS[3], now, ARGV[2])
  return 'waiting'
end
redis.call('ZREM', KEYS[3], ARGV[2])
if ARGV[9] == '' then
  redis.call('PEXPIRE', KEYS[2], ARGV[10])
  redis.call('PEXPIRE', KEYS[5], ARGV[10])
end
return 'empty'
