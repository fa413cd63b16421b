-- What the scripts on one file have in common. It is put before each of them.
--
-- KEYS[1], a sorted set: the peers of the swarm. The score of a seeder is the time at which its entry expires, in ms since
-- 1970 by the clock of this server; that of a leecher is the same time, negated. So the order is: leechers, entries that are
-- over, seeders.
-- KEYS[2], a hash: under each peer ID the numbers of the votes that the peer cast, and its contact; under 'votes' the tallies.
-- Either both keys exist or neither does. While their slot moves to another server, a script that names a key which is
-- there and one which is not would be sent away.
--
-- Votes are {number of the next tally, tallies of names, tallies of layouts}. A tally is {value, seeders, leechers, number}.
-- Tallies are kept in order, so the first one wins: most seeders, and among equals the one that has been claimed for longest.
-- The last one makes room when there are too many.

local swarm, notes = KEYS[1], KEYS[2]
local most_tallies, most_pruned = 16, 20
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local members = redis.call('ZCARD', swarm)
local next_number, names, layouts, is_changed

local function load_votes()
  if not names then
    local packed = redis.call('HGET', notes, 'votes')
    next_number, names, layouts = unpack(packed and cmsgpack.unpack(packed) or { 1, {}, {} })
  end
end

local function is_stronger(a, b)
  if a[2] ~= b[2] then
    return a[2] > b[2]
  end
  return a[4] < b[4]
end

-- A swarm never is without a claim, so the last tally stays, also without votes.
local function settle(tallies)
  is_changed = true
  for i = #tallies, 1, -1 do
    if #tallies > 1 and tallies[i][2] + tallies[i][3] == 0 then
      table.remove(tallies, i)
    end
  end
  table.sort(tallies, is_stronger)
end

local function column(is_complete)
  return is_complete and 2 or 3
end

-- Counts one more vote for this value. Returns the number of its tally.
local function cast(tallies, value, is_complete)
  local tally
  for _, candidate in ipairs(tallies) do
    if candidate[1] == value then
      tally = candidate
    end
  end
  if not tally then
    if #tallies >= most_tallies then
      table.remove(tallies)
    end
    tally = { value, 0, 0, next_number }
    next_number = next_number + 1
    table.insert(tallies, tally)
  end
  tally[column(is_complete)] = tally[column(is_complete)] + 1
  settle(tallies)
  return tally[4]
end

-- Counts one vote less, or more, for the tally with this number. There may be none: it had to make room.
local function count(tallies, number, is_complete, difference)
  for _, tally in ipairs(tallies) do
    if tally[4] == number then
      tally[column(is_complete)] = tally[column(is_complete)] + difference
      settle(tallies)
      return
    end
  end
end

-- Takes back what a peer claimed.
local function withdraw(note, is_complete)
  local name, layout = struct.unpack('>I4I4', note)
  load_votes()
  count(names, name, is_complete, -1)
  count(layouts, layout, is_complete, -1)
end

local function remove(peer, score)
  local note = redis.call('HGET', notes, peer)
  if note then
    withdraw(note, tonumber(score) > 0)
    redis.call('HDEL', notes, peer)
  end
  redis.call('ZREM', swarm, peer)
  members = members - 1
end

-- Removes some of the entries that are over. A key that has just vanished is not to be looked at again: while its slot moves
-- to another server, that would end the script.
local function prune()
  if members == 0 then
    return
  end
  local over = redis.call('ZRANGEBYSCORE', swarm, -now, now, 'WITHSCORES', 'LIMIT', 0, most_pruned)
  for i = 1, #over, 2 do
    remove(over[i], over[i + 1])
  end
end

-- Writes back what changed. `ttl` in ms, if an entry now lasts that long.
local function save(ttl)
  if members == 0 then
    redis.call('DEL', notes)
    return
  end
  if is_changed then
    redis.call('HSET', notes, 'votes', cmsgpack.pack({ next_number, names, layouts }))
  end
  if ttl then
    redis.call('PEXPIRE', swarm, ttl + 1000)
    redis.call('PEXPIRE', notes, ttl + 1000)
  end
end
