-- attempt: count one more try at something within a window, which begins with the first.
--
-- KEYS 1 attempts  string  tries so far; ends with the window
-- ARGV 1 window ms
--
-- Returns how many tries there were. Repeating it counts once more: the caller is only slowed down sooner.

local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
