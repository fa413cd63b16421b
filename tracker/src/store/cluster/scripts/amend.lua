-- Changes what is known of a peer, unless somebody else has just changed its contact or its lease is over.
-- KEYS[1]: as in open.lua.
-- ARGV: the contact as it was, then names and values.
-- Returns 1 if it was changed.

if redis.call('HGET', KEYS[1], 'contact') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
