-- confirm: say, right before its call, whether a sweep's command at the head of a lane may be carried out.
--
-- KEYS 1 row     hash    seq fence attempt held suspect parked record
--      2 lane    list    sequence|receipt|accepted|command, oldest first
--      3 unswept string  why a person paused the sweeps of the service
-- ARGV 1 fence
--
-- Returns stale (the lane is no longer the holder's), overtaken (something waits behind the head), paused or clear.
-- Repeating it is another look.

if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[1] then return 'stale' end
if redis.call('LLEN', KEYS[2]) > 1 then return 'overtaken' end
if redis.call('EXISTS', KEYS[3]) == 1 then return 'paused' end
return 'clear'
