-- What is known of a file, and a random sample of its peers.
-- ARGV: how many seeders to draw and how many leechers at most, a seed for the random numbers.
-- Returns nothing if nobody holds the file, else {seeders, leechers, name, layout, IDs of the seeders drawn, IDs of the leechers
-- drawn, under each ID what is noted of the peer, among other things}.

local most = tonumber(ARGV[1])
local strata = 16
math.randomseed(tonumber(ARGV[2]))

-- Some of the `total` members from this rank on, each as likely as any other. From many, a run is taken from each of some
-- strata, at a random place: that costs what it returns. Who is next to whom in the order of expiry changes all the time.
local function draw(first, total)
  if total <= most then
    return total > 0 and redis.call('ZRANGE', swarm, first, first + total - 1) or {}
  end
  local drawn = {}
  local function take(from, to)
    for _, peer in ipairs(from <= to and redis.call('ZRANGE', swarm, from, to) or {}) do
      table.insert(drawn, peer)
    end
  end
  for i = 0, strata - 1 do
    local low, high = math.floor(total * i / strata), math.floor(total * (i + 1) / strata)
    local share = math.floor(most * (i + 1) / strata) - math.floor(most * i / strata)
    local wanted = math.min(share, high - low)
    local start = low + math.random(0, high - low - 1)
    take(first + start, first + math.min(start + wanted, high) - 1)
    take(first + low, first + low + (start + wanted - high) - 1)
  end
  return drawn
end

-- In a small hash a name is looked for from one end to the other, so of all or most names all are read at once.
local function notes_of(peers)
  if #peers * 2 > members then
    return redis.call('HGETALL', notes)
  end
  local pairs_of = {}
  for i, note in ipairs(#peers > 0 and redis.call('HMGET', notes, unpack(peers)) or {}) do
    table.insert(pairs_of, peers[i])
    table.insert(pairs_of, note or '')
  end
  return pairs_of
end

prune()
save()
if members == 0 then
  return false
end
local seeders = redis.call('ZCOUNT', swarm, '(' .. now, '+inf')
local leechers = redis.call('ZCOUNT', swarm, '-inf', '(-' .. now)
if seeders + leechers == 0 then
  return false
end
load_votes()
if most == 0 then
  return { seeders, leechers, names[1][1], layouts[1][1], {}, {}, {} }
end
local drawn_seeders, drawn_leechers = draw(members - seeders, seeders), draw(0, leechers)
local drawn = {}
for _, peers in ipairs({ drawn_seeders, drawn_leechers }) do
  for _, peer in ipairs(peers) do
    table.insert(drawn, peer)
  end
end
return { seeders, leechers, names[1][1], layouts[1][1], drawn_seeders, drawn_leechers, notes_of(drawn) }
