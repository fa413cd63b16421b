-- Counts a peer among those of its network, or counts it for longer.
-- KEYS[1], a sorted set: the peers of the network, scored by when they count no longer, in ms since 1970.
-- ARGV: peer ID, for how long it counts in ms, how many peers a network may have.
-- Returns 1, or 0 if there is no room.

local network, peer, ttl, most = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function has_room()
  return redis.call('ZCARD', network) < most or redis.call('ZCOUNT', network, '(' .. now, '+inf') < most
end
if not redis.call('ZSCORE', network, peer) and not has_room() then
  return 0
end
redis.call('ZADD', network, now + ttl, peer)
redis.call('ZREMRANGEBYSCORE', network, '-inf', now)
redis.call('PEXPIRE', network, ttl + 1000)
return 1
