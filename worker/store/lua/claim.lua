-- claim: take up to n due lanes for a while, as many as the gate admits.
--
-- KEYS 1 due    zset    lane -> ms at which to look at it next; the end of the lease while claimed
--      2 gate   hash    the service's brake, see gate.lua
--      3 out    zset    lane -> end of its lease, see gate.lua
--      4 bell   string  ms until which nobody needs to ring
--      5 token  list    fence|stolen 0|1|lane of what this very claim took, for its repetition
--      and of each lane taken, in the same slot:
--        <prefix>row:<lane>   hash  seq fence attempt held suspect parked record
--        <prefix>lane:<lane>  list  sequence|receipt|accepted|command
-- ARGV 1 now ms · 2 limit · 3 lease ms · 4 key prefix · 5 window · 6 awake ms · 7 leaving 0|1 · 8 gate limits
--
-- Returns a list of {lane, fence, attempt, suspect 0|1, record, {commands}, stolen 0|1}.
-- `suspect`: an earlier holder did not say what became of its call. `stolen`: it still held the lane. Repeating
-- it with the same token returns the same lanes and changes nothing.

local now = tonumber(ARGV[1])
local limit = tonumber(ARGV[2])
local lease_until = now + tonumber(ARGV[3])
local prefix = ARGV[4]
local last = string.format('%d', tonumber(ARGV[5]) - 1)
local limits = gate_limits(ARGV[8])

-- Returns a claim, as it is answered; `state` is the row's fence, attempt, suspect and record.
local function described(lane, state, commands, stolen)
  return {lane, tonumber(state[1]), tonumber(state[2]), tonumber(state[3]), state[4] or '', commands, stolen}
end

local function commands_of(lane)
  return redis.call('LRANGE', prefix .. 'lane:' .. lane, '0', last)
end

-- Notes in its row that a lane is taken.
local function take(lane, commands)
  local row = prefix .. 'row:' .. lane
  local state = redis.call('HMGET', row, 'fence', 'attempt', 'held', 'suspect', 'record')
  local fence, attempt = (tonumber(state[1]) or 0) + 1, (tonumber(state[2]) or 0) + 1
  local stolen = state[3] == '1' and 1 or 0
  local suspect = (stolen == 1 or state[4] == '1') and 1 or 0
  redis.call('HSET', row, 'fence', string.format('%d', fence), 'attempt', string.format('%d', attempt), 'held', '1',
    'suspect', suspect == 1 and '1' or '0')
  return described(lane, {fence, attempt, suspect, state[5]}, commands, stolen)
end

local claims = {}
local repeated = redis.call('LRANGE', KEYS[5], '0', '-1')
for _, taken in ipairs(repeated) do
  -- What has been taken over since belongs to its new holder.
  local fence, stolen, lane = string.match(taken, '^(%d+)|([01])|(.*)$')
  local state = redis.call('HMGET', prefix .. 'row:' .. lane, 'fence', 'attempt', 'suspect', 'record', 'held')
  if state[1] == fence and state[5] == '1' then
    claims[#claims + 1] = described(lane, state, commands_of(lane), tonumber(stolen))
  end
end

local lanes = {}
if #repeated == 0 then
  local wanted = gate_admits(KEYS[2], KEYS[3], limits, limit, now)
  if wanted > 0 then lanes = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', '0', wanted) end
end
local taken, marks = {}, {}
for _, lane in ipairs(lanes) do
  local commands = commands_of(lane)
  if #commands == 0 then
    redis.call('ZREM', KEYS[1], lane)
  else
    local claim = take(lane, commands)
    claims[#claims + 1] = claim
    taken[#taken + 1] = lane
    marks[#marks + 1] = claim[2] .. '|' .. claim[7] .. '|' .. lane
  end
end
if #taken > 0 then
  gate_score(KEYS[1], lease_until, taken)
  gate_pass(KEYS[2], KEYS[3], limits, taken, now, lease_until)
  for first = 1, #marks, 4000 do redis.call('RPUSH', KEYS[5], unpack(marks, first, math.min(first + 3999, #marks))) end
end

if #claims > 0 then redis.call('PEXPIRE', KEYS[5], ARGV[3]) end

if #claims < limit and not (#claims == 0 and ARGV[7] == '1') then
  redis.call('SET', KEYS[4], string.format('%d', now + tonumber(ARGV[6])))
else
  redis.call('DEL', KEYS[4])
end
return claims
