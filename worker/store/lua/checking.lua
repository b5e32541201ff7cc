-- checking: the place of a check in the gate; stands in front of check, close, observe and miss.
--
-- KEYS 1 out  zset  lane, or this very check -> end of its lease in ms
-- ARGV 1 end of the check's lease in ms
-- The verb in front of which it stands says where in its own keys and arguments these are.
--
-- A check counts as a lane in flight, under a name that no conversation can have.

local CHECK = '\0check'

-- Gives the place back; false when it was another's already.
local function check_ended(out, lease_until)
  if redis.call('ZSCORE', out, CHECK) ~= lease_until then return false end
  redis.call('ZREM', out, CHECK)
  return true
end

