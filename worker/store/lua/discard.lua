-- discard: give up a dead letter; a lane that it parked goes on without it.
--
-- KEYS 1 dead     zset  letter id -> ms of its burial
--      2 letter   hash  letter (JSON), history
--      3 lane     list  sequence|receipt|accepted|command, oldest first
--      4 row      hash  seq fence attempt held suspect parked record
--      5 due      zset  lane -> ms at which to look at it next
--      6 history  list  one JSON line for each thing that happened
-- ARGV 1 now ms · 2 lane, empty for an unreadable delivery · 3 letter id · 4 history line · 5 history cap
--
-- Returns 1, or 0 when the letter is no longer there. Repeating it finds nothing.

if redis.call('ZREM', KEYS[1], ARGV[3]) == 0 then return 0 end
redis.call('DEL', KEYS[2])
if ARGV[2] == '' then return 1 end
if redis.call('EXISTS', KEYS[4]) == 1 then
  redis.call('RPUSH', KEYS[6], ARGV[4])
  redis.call('LTRIM', KEYS[6], -tonumber(ARGV[5]), -1)
end
if redis.call('HGET', KEYS[4], 'parked') == ARGV[3] then
  redis.call('HDEL', KEYS[4], 'parked')
  if redis.call('LLEN', KEYS[3]) > 0 then redis.call('ZADD', KEYS[5], 'NX', ARGV[1], ARGV[2]) end
end
return 1
