-- Strikes files off what a peer holds.
-- KEYS[1]: as in open.lua.
-- ARGV: token, file IDs.
-- Returns nothing if this is not the token of a lease, else {network, '1' for each of the files that the peer held and '0' for
-- each other}.

local peer = KEYS[1]
local lease = redis.call('HMGET', peer, 'token', 'network')
if not lease[1] or lease[1] ~= ARGV[1] then
  return false
end
local held = {}
for i = 2, #ARGV do
  table.insert(held, redis.call('HDEL', peer, ARGV[i]))
end
return { lease[2], table.concat(held) }
