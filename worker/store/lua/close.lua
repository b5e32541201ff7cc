-- close: write that an interaction has ended elsewhere, unless anything happened to it since it was looked for.
--
-- KEYS 1 lane     list  sequence|receipt|accepted|command, oldest first
--      2 row      hash  seq fence attempt held suspect parked record remote
--      3 active   zset  open interactions -> ms of their last activity
--      4 history  list  one JSON line for each thing that happened
--      5 keys     hash  idempotency key -> receipt, kept while the conversation lives
--      6 checked  zset  open interaction -> ms of its last check
--      7 gate     hash  the service's brake, see gate.lua
--      8 out      zset  lane -> end of its lease, see gate.lua
--      9 outbox   stream  notices for subscribers
-- ARGV 1 now ms · 2 lane · 3 fence at that time · 4 record now · 5 history line · 6 history cap
--      7 retention ms of what ended · 8 gate limits · 9 end of the check's lease in ms · 10… notices
--
-- Returns 1, or 0 when something did happen: a command that waits, or a claim since, without which no record
-- changes. Repeating it closes once.

local now = tonumber(ARGV[1])
local lane = ARGV[2]
if check_ended(KEYS[8], ARGV[9]) then gate_came_home(KEYS[7], gate_limits(ARGV[8]), 1, now) end

local state = redis.call('HMGET', KEYS[2], 'fence', 'record')
if (state[1] or '0') ~= ARGV[3] then return 0 end
if state[2] == ARGV[4] then return 1 end
if redis.call('EXISTS', KEYS[1]) == 1 or redis.call('ZREM', KEYS[3], lane) == 0 then return 0 end

redis.call('HSET', KEYS[2], 'record', ARGV[4])
redis.call('HDEL', KEYS[2], 'remote')
redis.call('ZREM', KEYS[6], lane)
for notice = 10, #ARGV do redis.call('XADD', KEYS[9], '*', 'notice', ARGV[notice]) end
redis.call('RPUSH', KEYS[4], ARGV[5])
redis.call('LTRIM', KEYS[4], -tonumber(ARGV[6]), -1)
redis.call('PEXPIRE', KEYS[2], ARGV[7])
redis.call('PEXPIRE', KEYS[4], ARGV[7])
redis.call('DEL', KEYS[5])
return 1
