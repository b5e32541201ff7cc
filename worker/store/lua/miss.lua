-- miss: give a check back that came to no answer; its interaction has its turn again soon.
--
-- KEYS 1 checked  zset  open interaction -> ms of its last check
--      2 gate     hash  the service's brake, see gate.lua
--      3 out      zset  lane -> end of its lease, see gate.lua
-- ARGV 1 now ms · 2 lane · 3 ms at which it shall count as checked · 4 failed 0|1 · 5 gate limits · 6 end of the check's lease in ms
--
-- Returns 1 when this failure shut the gate. Repeating it changes nothing.

local now = tonumber(ARGV[1])
local limits = gate_limits(ARGV[5])
if not check_ended(KEYS[3], ARGV[6]) then return 0 end
redis.call('ZADD', KEYS[1], 'XX', ARGV[3], ARGV[2])
if ARGV[4] == '1' then return gate_failed(KEYS[2], limits, 1, now) end
if redis.call('HGET', KEYS[2], 'prober') == CHECK then redis.call('HDEL', KEYS[2], 'probe', 'prober') end
return 0
