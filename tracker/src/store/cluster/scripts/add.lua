-- Adds a peer to a swarm, or replaces what it said before.
-- ARGV: peer ID, contact, name, layout, '1' if it has all of the file, how long the entry lasts in ms, how many peers a swarm
-- may have, '1' if there is room for another file, '1' if there is room for another entry.
-- Returns why not, or {layout that wins, 1 if the file is new or what wins is}.

local peer, contact, name, layout, complete, ttl, most, room_for_file, room_for_entry = unpack(ARGV)
local is_complete = complete == '1'
local score = redis.call('ZSCORE', swarm, peer)

local function is_full()
  return members >= tonumber(most)
    and redis.call('ZCOUNT', swarm, '(' .. now, '+inf') + redis.call('ZCOUNT', swarm, '-inf', '(-' .. now) >= tonumber(most)
end

if not score then
  if is_full() then
    return 'SWARM_FULL'
  end
  if room_for_entry ~= '1' or members == 0 and room_for_file ~= '1' then
    return 'TRACKER_FULL'
  end
  members = members + 1
end

load_votes()
local function winner(tallies)
  return tallies[1] and tallies[1][1]
end
local former_name, former_layout = winner(names), winner(layouts)

-- The new vote comes before the old one goes, so that a claim repeated keeps its age. The entry comes before others go, so
-- that the keys never vanish in between.
local numbers = struct.pack('>I4I4', cast(names, name, is_complete), cast(layouts, layout, is_complete))
if score then
  local note = redis.call('HGET', notes, peer)
  if note then
    withdraw(note, tonumber(score) > 0)
  end
end
local expires = now + tonumber(ttl)
redis.call('ZADD', swarm, is_complete and expires or -expires, peer)
redis.call('HSET', notes, peer, numbers .. contact)
prune()
save(tonumber(ttl))
local is_news = winner(names) ~= former_name or winner(layouts) ~= former_layout
return { winner(layouts), is_news and 1 or 0 }
