-- Opens the lease of a peer, or opens it anew, and notes what it holds. All in one step, so that a server which takes over
-- without having heard of the files has not heard of the token either, and the peer registers them again.
--
-- KEYS[1], a hash: token, contact, network, renewed (when the entries of its files were renewed, in ms since 1970), and each
-- file that the peer holds as a field of 32 bytes.
-- ARGV: token, contact, length of what the contact says of the address that was observed, network, how long the lease lasts
-- in ms, how many files a peer may hold, '1' if there is room for another peer, file IDs.
-- Returns nothing if there is no room, else {contact, former contact, former network, '1' for each file that is held and '0'
-- for each that is one too many}.

local peer = KEYS[1]
local token, contact, length, network, ttl, most, room = unpack(ARGV, 1, 7)
local former = redis.call('HMGET', peer, 'contact', 'network')
if not former[1] and room ~= '1' then
  return false
end
-- Whether the peer could be reached stays known while its address stays the same.
local last = 1 + tonumber(length)
if former[1] and former[1]:sub(2, last) == contact:sub(2, last) then
  contact = former[1]:sub(1, 1) .. contact:sub(2)
end
local time = redis.call('TIME')
redis.call('HSET', peer, 'token', token, 'contact', contact, 'network', network)
redis.call('HSETNX', peer, 'renewed', time[1] * 1000 + math.floor(time[2] / 1000))
local held = redis.call('HLEN', peer) - 4
local taken = {}
for i = 8, #ARGV do
  local is_taken = held < tonumber(most) and redis.call('HSETNX', peer, ARGV[i], '') == 1
  if is_taken then
    held = held + 1
  else
    is_taken = redis.call('HEXISTS', peer, ARGV[i]) == 1
  end
  table.insert(taken, is_taken and '1' or '0')
end
redis.call('PEXPIRE', peer, ttl)
return { contact, former[1] or '', former[2] or '', table.concat(taken) }
