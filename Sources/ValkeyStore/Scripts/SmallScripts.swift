/// Writes something in a partition, so that an acknowledgement after it covers everything before it.
///
/// KEYS: marker, heads. ARGV: the store's name.
enum BarrierScript {
    static let source = """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('FOREIGN this is not the store that was opened') end
        return redis.call('HINCRBY', KEYS[2], 'b', 1)
        """
}

/// The time of the store: that of the server which has the control partition, and what was added to it when servers with slower clocks took over.
///
/// KEYS: marker, clock. ARGV: the store's name; what the caller believes the time to be, in milliseconds, or `0`.
///
/// It answers milliseconds since the epoch. A caller that is further ahead than its measurement can be wrong has seen the server before this one,
/// and the time goes on from there. More than ten minutes ahead nobody is believed. What was added goes again, a twentieth of the time that passes:
/// validators elsewhere go by clocks that are right.
enum ClockScript {
    static let source = """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('FOREIGN this is not the store that was opened') end
        local t = redis.call('TIME')
        local server = t[1] * 1000 + math.floor(t[2] / 1000)
        local added, last = 0, 0
        local stored = redis.call('GET', KEYS[2])
        if stored then
          local a, l = string.match(stored, '^(%S+) (%S+)$')
          added, last = tonumber(a), tonumber(l)
          local passed = server - (last - added)
          if passed > 0 then added = math.max(0, added - passed / 20) end
        end
        local time, believed = server + added, tonumber(ARGV[2])
        if believed - time > 250 and believed - time < 600000 then time = believed end
        if time < last then time = last end
        redis.call('SET', KEYS[2], string.format('%.3f %.3f', time - server, time))
        return time
        """
}

/// First use: writes the facts of a store unless they are there, and answers those that are.
///
/// KEYS: facts. ARGV: schema version, number of partitions, a name drawn at random, whether to write them (`1`).
///
/// It answers the schema, the partitions, the name, and whether every partition has been marked (`1`); nothing where there are none.
enum FactsScript {
    static let source = """
        if redis.call('EXISTS', KEYS[1]) == 0 then
          if ARGV[4] ~= '1' then return {} end
          redis.call('HSET', KEYS[1], 'schema', ARGV[1], 'partitions', ARGV[2], 'name', ARGV[3], 'complete', '0')
        end
        return redis.call('HMGET', KEYS[1], 'schema', 'partitions', 'name', 'complete')
        """
}

/// Marks a partition as a part of a store that is being made, unless it is marked; answers its mark.
///
/// KEYS: marker. ARGV: the store's name.
enum MarkScript {
    static let source = """
        redis.call('SET', KEYS[1], ARGV[1], 'NX')
        return redis.call('GET', KEYS[1])
        """
}
