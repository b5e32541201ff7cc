-- append: put one command at the end of its lane, once.
--
-- KEYS 1 told     hash    digest of an idempotency key -> what was said under it, packed: see worker/store/seen.py
--      2 lane     list    sequence|receipt|accepted|command, oldest first
--      3 row      hash    seq fence attempt held suspect parked record
--      4 due      zset    lane -> ms at which to look at it next
--      5 active   zset    open interactions -> ms of their last activity
--      6 history  list    one JSON line for each thing that happened
--      7 bell     string  ms until which nobody needs to ring
--      8 keys     hash    as told, but for as long as the conversation lives
--      9 pace     hash    counts, see pace.lua
--     10 seen     string  expires|fingerprint|receipt|…: what an older bridge wrote instead of told
--     11 recent   zset    the last conversations of which anything was heard, see trail.lua
--     12… clues   zset    what else leads to this one
-- ARGV 1 now ms · 2 lane · 3 receipt · 4 fingerprint · 5 command · 6 window ms · 7 lane cap
--      8 history line up to the sequence number · 9 and after it · 10 history cap · 11 ring patience ms
--      12 idempotency key · 13 of a sweep's command: ms of the activity that it saw; empty for any other
--      14 the key's digest · 15 fingerprint, packed · 16 receipt, packed · 17 lane, packed
--      18 the longest window of all channels, ms · 19 channel · 20 how long trails are kept, ms
--      21 conversations in recent · 22 conversations in a clue
--
-- Returns {accepted|duplicate, what was said, ring 0|1}
--      or {conflict, what was said first} or {full, waiting commands} or {overtaken, waiting commands}.
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

-- A hash of many keys lives for an eighth longer than the longest window, so that it need not be prolonged at each of
-- them; once that eighth has passed, those whose window ended are taken out.
local function remember(said)
  local longest = tonumber(ARGV[18])
  local worn = redis.call('PTTL', KEYS[1]) < longest
  if worn then
    local told = redis.call('HGETALL', KEYS[1])
    for place = 1, #told, 2 do
      if struct.unpack('>I6', told[place + 1]) <= now then redis.call('HDEL', KEYS[1], told[place]) end
    end
  end
  redis.call('HSET', KEYS[1], ARGV[14], said)
  if worn then redis.call('PEXPIRE', KEYS[1], string.format('%d', longest + longest / 8)) end
end

-- Returns when it is forgotten, its fingerprint as digits, and whether it is the answer to this very submission.
local function read(known)
  if string.find(known, '^%d') then
    local expires, fingerprint = string.match(known, '^(%d+)|(%x+)|')
    return tonumber(expires), fingerprint, false
  end
  local fingerprint = string.gsub(string.sub(known, 7, 14), '.', function(byte)
    return string.format('%02x', string.byte(byte))
  end)
  return struct.unpack('>I6', known), fingerprint, string.sub(known, 29, 28 + #ARGV[16]) == ARGV[16]
end

-- The window forgets by time; an open conversation remembers what it was told for as long as it lives.
local known = redis.call('HGET', KEYS[1], ARGV[14]) or redis.call('GET', KEYS[10])
if known and read(known) <= now then known = false end
if not known and redis.call('ZSCORE', KEYS[5], ARGV[2]) then
  known = redis.call('HGET', KEYS[8], ARGV[14]) or redis.call('HGET', KEYS[8], ARGV[12])
end
if known then
  local _, fingerprint, ours = read(known)
  if fingerprint ~= ARGV[4] then return {'conflict', known} end
  return {ours and 'accepted' or 'duplicate', known, wake()}
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
local said = struct.pack('>I6', now + tonumber(ARGV[6])) .. ARGV[15]
  .. struct.pack('>I4I4I6', sequence, position, now) .. ARGV[16] .. ARGV[17]
remember(said)
redis.call('HSET', KEYS[8], ARGV[14], said)
redis.call('RPUSH', KEYS[6], ARGV[8] .. sequence .. ARGV[9])
redis.call('LTRIM', KEYS[6], -tonumber(ARGV[10]), -1)
if position == 0 and sequence > 1 then
  -- an ended interaction's row was going to be forgotten; it is needed again
  redis.call('PERSIST', KEYS[3])
  redis.call('PERSIST', KEYS[6])
  redis.call('PERSIST', KEYS[8])
end
pace_count(KEYS[9], 'accepted', 1, now, ARGV[19])
if not guarded then
  redis.call('ZADD', KEYS[5], 'XX', now, ARGV[2])
  trail_add(KEYS[11], ARGV[2], ARGV[1], ARGV[20], tonumber(ARGV[21]))
  for clue = 12, #KEYS do trail_add(KEYS[clue], ARGV[2], ARGV[1], ARGV[20], tonumber(ARGV[22])) end
end
if not redis.call('HGET', KEYS[3], 'parked') then
  -- NX: a lane that backs off or is being worked on keeps its time
  redis.call('ZADD', KEYS[4], 'NX', now, ARGV[2])
end
return {'accepted', said, wake()}
