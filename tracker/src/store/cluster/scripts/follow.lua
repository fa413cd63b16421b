-- What is new in a stream.
-- KEYS[1]: the stream.
-- ARGV: the ID of the entry that was read last, '0-0' at first; how many entries to return at most.
-- Returns {1 if something before the entries is missing, entries}.

local stream, position, most = KEYS[1], ARGV[1], ARGV[2]
if redis.call('EXISTS', stream) == 0 then
  return { position ~= '0-0' and 1 or 0, {} }
end
local state = {}
local info = redis.call('XINFO', 'STREAM', stream)
for i = 1, #info, 2 do
  state[info[i]] = info[i + 1]
end

local function is_after(a, b)
  local a_time, a_number = a:match('(%d+)-(%d+)')
  local b_time, b_number = b:match('(%d+)-(%d+)')
  if a_time ~= b_time then
    return tonumber(a_time) > tonumber(b_time)
  end
  return tonumber(a_number) > tonumber(b_number)
end

local has_gap = false
local first = state['first-entry']
if is_after(position, state['last-generated-id']) then
  -- The stream is not the one that was read: it was lost, or a server took over that had not heard of its end.
  has_gap, position = true, '0-0'
elseif first and is_after(first[1], position) then
  -- The entry that was read last is no longer there, nor is perhaps the next one; or entries went before any was read.
  has_gap = position ~= '0-0' or state['entries-added'] > state['length']
end
return { has_gap and 1 or 0, redis.call('XRANGE', stream, '(' .. position, '+', 'COUNT', most) }
