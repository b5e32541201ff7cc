-- mailbox: what the verbs of a mailbox stand behind.
--
-- KEYS those of the verb; its state is a hash
--      validity  the server's UIDVALIDITY        mark   every mail up to this UID was seen to
--      fence     grows with every holder         token  the holder, none where nobody reads
--      until     ms of the end of its lease      tried tries since try  see mailbox_try
-- ARGV those of the verb

local function mailbox_held(state, fence)
  return redis.call('HGET', state, 'fence') == fence
end
