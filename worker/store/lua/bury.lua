-- bury: move the head of a lane to the dead letters, with its evidence.
--
-- KEYS 1 lane     list  sequence|receipt|accepted|command, oldest first
--      2 row      hash  seq fence attempt held suspect parked record
--      3 due      zset  lane -> ms at which to look at it next
--      4 history  list  one JSON line for each thing that happened
--      5 dead     zset  letter id -> ms of its burial
--      6 letter   hash  letter, head (the letter without what it carries), history (the lane's lines)
--      7 gate     hash  the service's brake, see gate.lua
--      8 out      zset  lane -> end of its lease, see gate.lua
--      9 active   zset  open interactions -> ms of their last activity
--     10 keys     hash  idempotency key -> receipt
--     11 pace     hash  counts, see pace.lua
--     12 outbox   stream  notices for subscribers
-- ARGV 1 now ms · 2 lane · 3 fence · 4 sequence of the head · 5 letter id · 6 letter · 7 history line
--      8 park 0|1 · 9 history cap · 10 failed 0|1 · 11 calls made · 12 gate limits
--      13 retention ms of what ended · 14 head of the letter · 15 channel · 16… notices
--
-- Returns waiting, empty, tripped (this failure shut the gate) or stale. A parked lane names the letter that
-- parked it. Repeating it buries nothing twice.

local now = tonumber(ARGV[1])
local lane = ARGV[2]
local limits = gate_limits(ARGV[12])
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[3] then return 'stale' end

local tripped = 0
local head = redis.call('LINDEX', KEYS[1], 0)
if head and string.match(head, '^(%d+)|') == ARGV[4] then
  redis.call('LPOP', KEYS[1])
  redis.call('RPUSH', KEYS[4], ARGV[7])
  redis.call('LTRIM', KEYS[4], -tonumber(ARGV[9]), -1)
  local lines = table.concat(redis.call('LRANGE', KEYS[4], 0, -1), '\n')
  redis.call('HSET', KEYS[6], 'letter', ARGV[6], 'head', ARGV[14], 'history', lines)
  redis.call('ZADD', KEYS[5], now, ARGV[5])
  redis.call('HSET', KEYS[2], 'held', 0, 'suspect', 0, 'attempt', 0)
  redis.call('ZREM', KEYS[8], lane)
  if ARGV[10] == '1' then
    tripped = gate_failed(KEYS[7], limits, tonumber(ARGV[11]), now)
  else
    gate_came_home(KEYS[7], limits, tonumber(ARGV[11]), now)
  end
  if ARGV[8] == '1' then
    redis.call('HSET', KEYS[2], 'parked', ARGV[5])
    redis.call('ZREM', KEYS[3], lane)
  elseif redis.call('LLEN', KEYS[1]) == 0 then
    redis.call('ZREM', KEYS[3], lane)
    if not redis.call('ZSCORE', KEYS[9], lane) then
      redis.call('PEXPIRE', KEYS[2], ARGV[13])
      redis.call('PEXPIRE', KEYS[4], ARGV[13])
      redis.call('PEXPIRE', KEYS[10], ARGV[13])
    end
  else
    redis.call('ZADD', KEYS[3], now, lane)
  end
  for notice = 16, #ARGV do redis.call('XADD', KEYS[12], '*', 'notice', ARGV[notice]) end
  pace_count(KEYS[11], 'dead', 1, now, ARGV[15])
  if ARGV[11] ~= '0' then pace_count(KEYS[11], 'failed', 1, now, ARGV[15]) end
end
if tripped == 1 then return 'tripped' end
return redis.call('LLEN', KEYS[1]) > 0 and 'waiting' or 'empty'
