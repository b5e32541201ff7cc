-- discard: give up a dead letter; a lane that it parked goes on without it.
--
-- KEYS 1 dead     zset    letter id -> ms of its burial
--      2 letter   hash    letter (JSON), head (JSON), history
--      3 lane     list    sequence|receipt|accepted|command, oldest first
--      4 row      hash    seq fence attempt held suspect parked record
--      5 due      zset    lane -> ms at which to look at it next
--      6 history  list    one JSON line for each thing that happened
--      7 active   zset    open interactions -> ms of their last activity
--      8 keys     hash    idempotency key -> receipt
--      9 token    string  1 when this very discard took effect, for its repetition
-- ARGV 1 now ms · 2 lane, empty for an unreadable delivery · 3 letter id · 4 history line · 5 history cap
--      6 retention ms of what ended · 7 ms for which a repetition is recognised
--      8 1 to leave a letter alone that parks a lane in which anything waits
--
-- Returns 1, or 0 when the letter is no longer there or was left alone. Repeating it with the same token returns the same answer
-- and changes nothing.

if redis.call('EXISTS', KEYS[9]) == 1 then return 1 end
local parks = ARGV[2] ~= '' and redis.call('HGET', KEYS[4], 'parked') == ARGV[3]
if ARGV[8] == '1' and parks and redis.call('LLEN', KEYS[3]) > 0 then return 0 end
if redis.call('ZREM', KEYS[1], ARGV[3]) == 0 then return 0 end
redis.call('SET', KEYS[9], 1, 'PX', ARGV[7])
redis.call('DEL', KEYS[2])
if ARGV[2] == '' then return 1 end
if redis.call('EXISTS', KEYS[4]) == 1 then
  redis.call('RPUSH', KEYS[6], ARGV[4])
  redis.call('LTRIM', KEYS[6], -tonumber(ARGV[5]), -1)
end
if not parks then return 1 end

redis.call('HDEL', KEYS[4], 'parked')
if redis.call('LLEN', KEYS[3]) > 0 then
  redis.call('ZADD', KEYS[5], 'NX', ARGV[1], ARGV[2])
elseif not redis.call('ZSCORE', KEYS[7], ARGV[2]) then
  redis.call('PEXPIRE', KEYS[4], ARGV[6])
  redis.call('PEXPIRE', KEYS[6], ARGV[6])
  redis.call('PEXPIRE', KEYS[8], ARGV[6])
end
return 1
