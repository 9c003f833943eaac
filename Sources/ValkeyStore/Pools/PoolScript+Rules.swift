extension PoolScript {
    /// The pool itself. `create`, `change`: a policy. `turn`: the phase. `list`: how many, after which id or nothing.
    static let ruling = """
        local function change(to)
          local neworder, _, _, _, _, _, newperholder, _, _, _, newparts = read('\(StoredPool.policyForm)', to)
          if neworder ~= order or newparts ~= parts or (newperholder == 0) ~= (perholder == 0) then return 'otherPolicy' end
          policy = to
          return 'done'
        end
        local function list(atmost, after)
          local ids = call('ZRANGE', KEYS[11], after == '' and '-' or '(' .. after, '+', 'BYLEX', 'LIMIT', 0, atmost)
          if #ids == 0 then return 'tokens', ids end
          return 'tokens', ids, call('HMGET', KEYS[5], unpack(ids)), call('HMGET', KEYS[10], unpack(ids))
        end
        local function perform()
          if verb == 'create' then return policy == ARGV[8] and 'done' or 'otherPolicy' end
          if verb == 'change' then return change(ARGV[8]) end
          if verb == 'statistics' then return 'statistics', state() end
          if verb == 'turn' then phase = tonumber(ARGV[8]) end
          if parts > 1 then return split() end
          if verb == 'list' then return list(tonumber(ARGV[8]), ARGV[9]) end
          return 'done'
        end
        """

    /// A pool that is not there is made, with its name among those of the partition.
    static let creation = """
        if not header then
          if verb ~= 'create' then return {'noPool', 0, -1, {}} end
          call('SET', KEYS[4], ARGV[8] .. struct.pack('\(StoredPool.countsForm)', 0, 0, 0, 0, 0, 0, 0, 0, 1, 1))
          call('ZADD', KEYS[12], 0, pool)
          if ARGV[3] == '1' then call('HINCRBY', KEYS[2], 'b', 1) end
          return {'done', 0, -1, {}}
        end
        """

    /// Removes a pool piece by piece. `remove`: at most how many tokens.
    static let removal = """
        local atmost, places = tonumber(ARGV[8]), 0
        phase = 2
        local ids = call('ZRANGE', KEYS[11], 0, atmost - 1)
        for _, id in ipairs(ids) do drop(token(id), now) end
        while places < atmost do
          local place = firstplace()
          if not place then break end
          leave(place)
          places = places + 1
        end
        local over = #ids < atmost and places < atmost
        if over then
          call('DEL', KEYS[4])
          call('ZREM', KEYS[12], pool)
        else call('SET', KEYS[4], state()) end
        keep()
        if places > 0 then ring(0) end
        return {over and 'done' or 'more', places > 0 and 1 or 0, -1, told}
        """
}
