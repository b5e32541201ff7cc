-- replay: bring a dead command back into its lane. The create that parks a lane goes back to the head of it.
--
-- KEYS 1 dead     zset    letter id -> ms of its burial
--      2 letter   hash    letter (JSON), head (JSON), history
--      3 lane     list    sequence|receipt|accepted|command, oldest first
--      4 row      hash    seq fence attempt held suspect parked record
--      5 due      zset    lane -> ms at which to look at it next
--      6 history  list    one JSON line for each thing that happened
--      7 keys     hash    idempotency key -> receipt
--      8 token    string  the sequence that this very replay returned, for its repetition
-- ARGV 1 now ms · 2 lane · 3 letter id · 4 sequence at its burial · 5 receipt · 6 command
--      7 history line up to the sequence number · 8 and after it · 9 history cap
--      10 ms for which a repetition is recognised
--
-- Returns the sequence it stands under now, or 0 when the letter is no longer there. Repeating it with the same
-- token returns the same answer and changes nothing.

local now = tonumber(ARGV[1])
local repeated = redis.call('GET', KEYS[8])
if repeated then return tonumber(repeated) end
if redis.call('ZREM', KEYS[1], ARGV[3]) == 0 then return 0 end
redis.call('DEL', KEYS[2])

local parked = redis.call('HGET', KEYS[4], 'parked') == ARGV[3]
local sequence = tonumber(ARGV[4])
if not parked then sequence = redis.call('HINCRBY', KEYS[4], 'seq', 1) end
redis.call('SET', KEYS[8], sequence, 'PX', ARGV[10])
local item = sequence .. '|' .. ARGV[5] .. '|' .. ARGV[1] .. '|' .. ARGV[6]
if parked then
  redis.call('LPUSH', KEYS[3], item)
  redis.call('HDEL', KEYS[4], 'parked')
else
  redis.call('RPUSH', KEYS[3], item)
end
-- it was going to be forgotten; it is needed again
redis.call('PERSIST', KEYS[4])
redis.call('PERSIST', KEYS[6])
redis.call('PERSIST', KEYS[7])
redis.call('RPUSH', KEYS[6], ARGV[7] .. sequence .. ARGV[8])
redis.call('LTRIM', KEYS[6], -tonumber(ARGV[9]), -1)
if not redis.call('HGET', KEYS[4], 'parked') then redis.call('ZADD', KEYS[5], 'NX', now, ARGV[2]) end
return sequence
