-- append: put one command at the end of its lane, once.
--
-- KEYS 1 seen     string  expires|fingerprint|receipt|sequence|position|accepted|lane of an idempotency key
--      2 lane     list    sequence|receipt|accepted|command, oldest first
--      3 row      hash    seq fence attempt held suspect parked record
--      4 due      zset    lane -> ms at which to look at it next
--      5 active   zset    open interactions -> ms of their last activity
--      6 history  list    one JSON line for each thing that happened
--      7 bell     string  ms until which nobody needs to ring
--      8 keys     hash    idempotency key -> as seen, but for as long as the conversation lives
--      9 pace     hash    counts, see pace.lua
--      10 recent  zset    the last conversations of which anything was heard, see trail.lua
--      11… clues  zset    what else leads to this one
-- ARGV 1 now ms · 2 lane · 3 receipt · 4 fingerprint · 5 command · 6 window ms · 7 lane cap
--      8 history line up to the sequence number · 9 and after it · 10 history cap · 11 ring patience ms
--      12 idempotency key · 13 of a sweep's command: ms of the activity that it saw; empty for any other
--      14 channel · 15 how long trails are kept, ms · 16 conversations in recent · 17 conversations in a clue
--
-- Returns {accepted|duplicate, receipt, sequence, position, accepted ms, ring 0|1}
--      or {conflict, first fingerprint, its lane} or {full, waiting commands} or {overtaken, waiting commands}.
-- A sweep's command is taken where nothing waits and nothing happened since, and is no activity itself.
-- Repeating it with the same receipt id returns the same answer and changes nothing.

local now = tonumber(ARGV[1])

local function wake()
  local due = redis.call('ZSCORE', KEYS[4], ARGV[2])
  if not due or tonumber(due) > now then return 0 end
  local quiet = redis.call('GET', KEYS[7])
  if quiet and tonumber(quiet) > now then return 0 end
  redis.call('SET', KEYS[7], string.format('%d', now + tonumber(ARGV[11])))
  return 1
end

-- The window forgets by time; an open conversation remembers what it was told for as long as it lives.
local known = redis.call('GET', KEYS[1])
if known and tonumber(string.match(known, '^(%d+)|')) <= now then known = false end
if not known and redis.call('ZSCORE', KEYS[5], ARGV[2]) then known = redis.call('HGET', KEYS[8], ARGV[12]) end
if known then
  local fingerprint, receipt, sequence, position, accepted, lane =
    string.match(known, '^%d+|(%x+)|([^|]+)|(%d+)|(%d+)|(%d+)|?(.*)$')
  if fingerprint ~= ARGV[4] then return {'conflict', fingerprint, lane} end
  local word = receipt == ARGV[3] and 'accepted' or 'duplicate'
  return {word, receipt, tonumber(sequence), tonumber(position), tonumber(accepted), wake()}
end

local position = redis.call('LLEN', KEYS[2])
local guarded = ARGV[13] ~= ''
if guarded then
  local activity = redis.call('ZSCORE', KEYS[5], ARGV[2])
  if position > 0 or not activity or tonumber(activity) ~= tonumber(ARGV[13]) then return {'overtaken', position} end
end
if position >= tonumber(ARGV[7]) then return {'full', position} end

local sequence = redis.call('HINCRBY', KEYS[3], 'seq', 1)
redis.call('RPUSH', KEYS[2], sequence .. '|' .. ARGV[3] .. '|' .. ARGV[1] .. '|' .. ARGV[5])
local seen = string.format('%d|%s|%s|%d|%d|%s|%s',
  now + tonumber(ARGV[6]), ARGV[4], ARGV[3], sequence, position, ARGV[1], ARGV[2])
redis.call('SET', KEYS[1], seen, 'PX', ARGV[6])
redis.call('HSET', KEYS[8], ARGV[12], seen)
redis.call('RPUSH', KEYS[6], ARGV[8] .. sequence .. ARGV[9])
redis.call('LTRIM', KEYS[6], -tonumber(ARGV[10]), -1)
if position == 0 and sequence > 1 then
  -- an ended interaction's row was going to be forgotten; it is needed again
  redis.call('PERSIST', KEYS[3])
  redis.call('PERSIST', KEYS[6])
  redis.call('PERSIST', KEYS[8])
end
pace_count(KEYS[9], 'accepted', 1, now, ARGV[14])
if not guarded then
  redis.call('ZADD', KEYS[5], 'XX', now, ARGV[2])
  trail_add(KEYS[10], ARGV[2], now, ARGV[15], tonumber(ARGV[16]))
  for clue = 11, #KEYS do trail_add(KEYS[clue], ARGV[2], now, ARGV[15], tonumber(ARGV[17])) end
end
if not redis.call('HGET', KEYS[3], 'parked') then
  -- NX: a lane that backs off or is being worked on keeps its time
  redis.call('ZADD', KEYS[4], 'NX', now, ARGV[2])
end
return {'accepted', ARGV[3], sequence, position, now, wake()}
