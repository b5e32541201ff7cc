-- stamp: say which format a store is in, and how many partitions each service has.
--
-- KEYS 1 format  hash  format, partitions:<service>
-- ARGV 1 format · 2… partitions:<service>, how many
--
-- Returns the format. It only ever grows: what a newer bridge wrote stays written.

local own = tonumber(ARGV[1])
local found = tonumber(redis.call('HGET', KEYS[1], 'format') or '0')
if found < own then redis.call('HSET', KEYS[1], 'format', own) end
for place = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[place], ARGV[place + 1]) end
return math.max(found, own)
