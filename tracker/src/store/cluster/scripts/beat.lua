-- Renews the lease of a peer. Lua compares strings by where they are kept, so how long that takes tells nothing of a token.
-- KEYS[1]: as in open.lua.
-- ARGV: token, how long the lease lasts in ms, file IDs.
-- Returns nothing if this is not the token of a lease, else {contact, network, when entries were last renewed, now, '1' for
-- each of the files that the peer holds and '0' for each other}.

local peer = KEYS[1]
local lease = redis.call('HMGET', peer, 'token', 'contact', 'network', 'renewed')
if not lease[1] or lease[1] ~= ARGV[1] then
  return false
end
redis.call('PEXPIRE', peer, ARGV[2])
local held = {}
for i = 3, #ARGV do
  table.insert(held, redis.call('HEXISTS', peer, ARGV[i]))
end
local time = redis.call('TIME')
return { lease[2], lease[3], tonumber(lease[4]), time[1] * 1000 + math.floor(time[2] / 1000), table.concat(held) }
