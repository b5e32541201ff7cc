-- pause: let no lane of a partition be claimed until a person resumes it; resuming lifts a hold as well.
--
-- KEYS 1 gate  hash  the service's brake, see gate.lua
-- ARGV 1 reason, empty to resume
--
-- Repeating it changes nothing.

if ARGV[1] == '' then
  redis.call('HDEL', KEYS[1], 'paused', 'until', 'reason', 'ajar', 'probe')
else
  redis.call('HSET', KEYS[1], 'paused', ARGV[1])
end
return 1
