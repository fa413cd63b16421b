-- Takes a peer out of a swarm.
-- ARGV: peer ID.
-- Returns 1, or 0 if it was not in it.

local score = redis.call('ZSCORE', swarm, ARGV[1])
if score then
  remove(ARGV[1], score)
end
prune()
save()
return score and 1 or 0
