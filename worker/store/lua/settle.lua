-- settle: take what is done out of the lane and write the ledger.
--
-- KEYS 1 lane     list  sequence|receipt|accepted|command, oldest first
--      2 row      hash  seq fence attempt held suspect parked record
--      3 due      zset  lane -> ms at which to look at it next
--      4 active   zset  open interactions -> ms of their last activity
--      5 history  list  one JSON line for each thing that happened
--      6 keys     hash  idempotency key -> receipt, kept while the conversation lives
--      7 gate     hash  the service's brake, see gate.lua
--      8 out      zset  lane -> end of its lease, see gate.lua
--      9 pace     hash  counts, see pace.lua
--      10 outbox  stream  notices for subscribers
--      11 clue    zset  what the API's id leads to, see trail.lua; left out where it is not known
-- ARGV 1 now ms · 2 lane · 3 fence · 4 done up to this sequence · 5 record · 6 keep 0|1 · 7 lease ms
--      8 activity ms, = when it stays as it is, empty when not open · 9 retention ms of what ended · 10 history cap
--      11 calls made
--      12 gate limits · 13 conversations in a clue · 14 how many notices · 15… notices, then history lines
--
-- Returns kept, waiting, empty or stale. Repeating it pops nothing twice and writes nothing twice.

local now = tonumber(ARGV[1])
local lane = ARGV[2]
local limits = gate_limits(ARGV[12])
if redis.call('HGET', KEYS[2], 'fence') ~= ARGV[3] then return 'stale' end

local popped, channels = 0, {}
local waiting = redis.call('LLEN', KEYS[1])
while waiting > 0 do
  local head = redis.call('LINDEX', KEYS[1], '0')
  if tonumber(string.match(head, '^(%d+)|')) > tonumber(ARGV[4]) then break end
  redis.call('LPOP', KEYS[1])
  popped, waiting = popped + 1, waiting - 1
  -- what a sender writes stands behind it, and with its quotes escaped
  local channel = string.match(head, '"channel":"([^"]*)"') or ''
  channels[channel] = (channels[channel] or 0) + 1
end

if popped == 0 then
  if waiting == 0 then return 'empty' end
  return redis.call('HGET', KEYS[2], 'held') == '1' and 'kept' or 'waiting'
end

gate_came_home(KEYS[7], limits, tonumber(ARGV[11]), now)
for channel, count in pairs(channels) do pace_count(KEYS[9], 'delivered', count, now, channel) end
if KEYS[11] then trail_add(KEYS[11], lane, ARGV[1], ARGV[9], tonumber(ARGV[13])) end
local notices = 14 + tonumber(ARGV[14])
for notice = 15, notices do redis.call('XADD', KEYS[10], '*', 'notice', ARGV[notice]) end
local lines = 0
for line = notices + 1, #ARGV do lines = redis.call('RPUSH', KEYS[5], ARGV[line]) end
if lines > tonumber(ARGV[10]) then redis.call('LTRIM', KEYS[5], '-' .. ARGV[10], '-1') end
if ARGV[8] == '' then
  redis.call('ZREM', KEYS[4], lane)
elseif ARGV[8] ~= '=' then
  redis.call('ZADD', KEYS[4], ARGV[8], lane)
end

if waiting > 0 and ARGV[6] == '1' and gate_has_room(KEYS[7], KEYS[8], limits, lane, now) then
  local lease_until = now + tonumber(ARGV[7])
  redis.call('HSET', KEYS[2], 'record', ARGV[5], 'attempt', '1', 'suspect', '0')
  redis.call('ZADD', KEYS[3], string.format('%d', lease_until), lane)
  gate_pass(KEYS[7], KEYS[8], limits, {lane}, now, lease_until)
  return 'kept'
end

redis.call('HSET', KEYS[2], 'record', ARGV[5], 'attempt', '0', 'held', '0', 'suspect', '0')
redis.call('ZREM', KEYS[8], lane)
if waiting > 0 then
  redis.call('ZADD', KEYS[3], ARGV[1], lane)
  return 'waiting'
end
redis.call('ZREM', KEYS[3], lane)
if ARGV[8] == '' then
  redis.call('PEXPIRE', KEYS[2], ARGV[9])
  redis.call('PEXPIRE', KEYS[5], ARGV[9])
  redis.call('DEL', KEYS[6])
end
return 'empty'
