-- mailbox_renew: stay the one who reads a mailbox, or give it up with a lease of 0.
--
-- KEYS 1 state  hash  see mailbox.lua
-- ARGV 1 fence · 2 now ms · 3 lease ms
--
-- Returns 1, or 0 when it is another's. Repeating it changes nothing.

if not mailbox_held(KEYS[1], ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'until', tonumber(ARGV[2]) + tonumber(ARGV[3]))
return 1
