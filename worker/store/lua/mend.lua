-- mend: hold conversations against what must be true of each, and put right what is not.
--
-- KEYS 1 due     zset  lane -> ms at which to look at it next
--      2 active  zset  open interactions -> ms of their last activity
--      3 out     zset  lane -> end of its lease, see gate.lua
--      and of each conversation, in the same slot:
--        <prefix>row:<lane>      hash  seq fence attempt held suspect parked record
--        <prefix>lane:<lane>     list  sequence|receipt|accepted|command
--        <prefix>history:<lane>  list  one JSON line for each thing that happened
--        <prefix>keys:<lane>     hash  idempotency key -> receipt
--        <prefix>letter:<id>     hash  of the dead letter that parked it
-- ARGV 1 now ms · 2 key prefix · 3 retention ms of what ended · 4 1 to write nothing, else 0 · 5… conversations
--
-- Returns flaw, conversation, flaw, conversation…; what the flaws mean stands in worker/upkeep.py. What may yet be
-- needed wins: work is looked at, open interactions count as active. Repeating it finds no more.

local now, prefix = tonumber(ARGV[1]), ARGV[2]
local found = {}

local function write(...)
  if ARGV[4] ~= '1' then redis.call(...) end
end

local function flaw(what, lane)
  found[#found + 1] = what
  found[#found + 1] = lane
end

local function mend_lane(lane, row, waiting)
  local state = redis.call('HMGET', row, 'parked', 'held')
  local parked, held = state[1], state[2] == '1'
  local due = redis.call('ZSCORE', KEYS[1], lane)
  if parked and redis.call('EXISTS', prefix .. 'letter:' .. parked) == 0 then
    write('HDEL', row, 'parked')
    parked = false
    if waiting then write('ZADD', KEYS[1], 'NX', now, lane) end
    due = due or (waiting and now)
    flaw('stranded', lane)
  end
  if waiting and not parked and not due then
    write('ZADD', KEYS[1], now, lane)
    flaw('forgotten', lane)
  elseif due and not waiting then
    write('ZREM', KEYS[1], lane)
    flaw('vacant', lane)
  elseif due and parked then
    write('ZREM', KEYS[1], lane)
    flaw('loose', lane)
  end
  local lease = redis.call('ZSCORE', KEYS[3], lane)
  if lease and tonumber(lease) > now and not (held and waiting) then
    write('ZREM', KEYS[3], lane)
    flaw('idle', lane)
  end
  return parked
end

local function mend_index(lane, row)
  local readable, record = pcall(cjson.decode, redis.call('HGET', row, 'record') or '{}')
  if not readable then return true end
  local open = record.state == 'open'
  local activity = redis.call('ZSCORE', KEYS[2], lane)
  if open and not activity then
    write('ZADD', KEYS[2], now, lane)
    flaw('unindexed', lane)
  elseif activity and not open then
    write('ZREM', KEYS[2], lane)
    flaw('lingering', lane)
  end
  return open
end

local function mend_keeping(lane, needed)
  local endless, mortal = false, false
  for _, kind in ipairs({'row:', 'history:', 'keys:'}) do
    local key = prefix .. kind .. lane
    local left = redis.call('PTTL', key)
    if needed and left >= 0 then
      write('PERSIST', key)
      mortal = true
    elseif not needed and left == -1 then
      write('PEXPIRE', key, ARGV[3])
      endless = true
    end
  end
  if endless then flaw('endless', lane) end
  if mortal then flaw('mortal', lane) end
end

for place = 5, #ARGV do
  local lane = ARGV[place]
  local row = prefix .. 'row:' .. lane
  local waiting = redis.call('EXISTS', prefix .. 'lane:' .. lane) == 1
  local parked = mend_lane(lane, row, waiting)
  local open = mend_index(lane, row)
  mend_keeping(lane, waiting or parked or open)
end
return found
