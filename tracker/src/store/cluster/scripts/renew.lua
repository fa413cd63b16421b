-- Lets the entry of a peer begin anew.
-- ARGV: peer ID, contact, how long the entry lasts in ms, '1' if the peer now has all of the file.
-- Returns 1, or 0 if there is no such entry.

local peer, contact, ttl, complete = unpack(ARGV)
local score = redis.call('ZSCORE', swarm, peer)
local note = score and redis.call('HGET', notes, peer)
if not note then
  return 0
end
local is_complete = tonumber(score) > 0
if complete == '1' and not is_complete then
  local name, layout = struct.unpack('>I4I4', note)
  load_votes()
  count(names, name, true, 1)
  count(names, name, false, -1)
  count(layouts, layout, true, 1)
  count(layouts, layout, false, -1)
  is_complete = true
end
if note:sub(9) ~= contact then
  redis.call('HSET', notes, peer, note:sub(1, 8) .. contact)
end
local expires = now + tonumber(ttl)
redis.call('ZADD', swarm, is_complete and expires or -expires, peer)
prune()
save(tonumber(ttl))
return 1
