-- observe: remember what a check saw of an interaction that is still there.
--
-- KEYS 1 row      hash  seq fence attempt held suspect parked record remote
--      2 history  list  one JSON line for each thing that happened
--      3 gate     hash  the service's brake, see gate.lua
--      4 out      zset  lane -> end of its lease, see gate.lua
-- ARGV 1 now ms · 2 fence at that time · 3 what was seen · 4 history line, empty for none · 5 history cap · 6 gate limits
--      7 end of the check's lease in ms
--
-- Returns 1 when a line was written. What was claimed since knows more than the check: then nothing is. Repeating it
-- writes nothing twice.

if check_ended(KEYS[4], ARGV[7]) then gate_came_home(KEYS[3], gate_limits(ARGV[6]), 1, tonumber(ARGV[1])) end

local state = redis.call('HMGET', KEYS[1], 'fence', 'remote')
if state[1] ~= ARGV[2] or state[2] == ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'remote', ARGV[3])
if ARGV[4] == '' then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[4])
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[5]), -1)
return 1
