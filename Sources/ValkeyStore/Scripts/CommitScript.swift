/// One commit: judges every condition on the state before it, and then writes everything or nothing.
///
/// KEYS: marker, heads, revocations, outbox, then the record of each write.
/// ARGV: the store's name; now; whether something must be written in any case (`1`); whether to ring (`1`); how many writes, revocations and
/// events there are; for each write its letter (`p`ut, `r`emove, e`x`pect, `t`ouch), the expected version (nothing: absent), the time to live, the
/// value (of a touch: the activity and the time it extends to); then the revocations, then the events.
///
/// It answers 1, or 0 for a conflict. By its first line it does not begin on a server that is out of memory, also where it would remove something
/// first. Beyond its KEYS it touches the indexes that its records stand in, which only their old values name; those share the partition's tag. While a
/// slot moves to another server such a key may be there already: each is asked for before anything is written, so that the error comes then.
///
/// An index with more than eight members has a second one, its members by their ends, of those that came since: each new member removes some that are
/// over, so that a subject who logs in for years leaves no more behind than it has. Smaller ones end with their records.
package enum CommitScript {
    package static let source = """
        #!lua
        local marker = redis.call('GET', KEYS[1])
        if marker ~= ARGV[1] then return redis.error_reply('FOREIGN this is not the store that was opened') end
        local sub, unpack8 = string.sub, struct.unpack
        local now, n, r, e = ARGV[2], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
        local function later(a, b)
          local ah, al = unpack8('>I4I4', a)
          local bh, bl = unpack8('>I4I4', b)
          return ah > bh or (ah == bh and al > bl)
        end
        local tagged = string.find(KEYS[1], '}', 1, true)
        local tag = sub(KEYS[1], 1, tagged)
        local function place(value, key)
          local length = unpack8('>I2', sub(value, 29, 30))
          if length == 0 then return nil end
          return tag .. 'I' .. sub(key, tagged + 1, tagged + 1) .. sub(value, 31, 29 + length)
        end
        local function listed(key)
          return sub(key, tagged + 1, tagged + 1) == 'c'
        end
        local stored, found = {}, {}
        for i = 1, n do
          local key, at = KEYS[4 + i], 7 + (i - 1) * 4
          local value = redis.call('GET', key)
          stored[key] = value
          local lives = value and later(sub(value, 9, 16), now)
          found[i] = lives
          if ARGV[at + 1] ~= 't' then
            local version = lives and sub(value, 1, 8) or ''
            if version ~= ARGV[at + 2] then return 0 end
          end
        end
        for i = 1, n do
          local key, at = KEYS[4 + i], 7 + (i - 1) * 4
          local op, old = ARGV[at + 1], stored[key]
          local before = op ~= 'x' and old and place(old, key)
          local after = op == 'p' and place(ARGV[at + 4], key)
          if before then redis.call('EXISTS', before, before .. '\\255') end
          if after and after ~= before then redis.call('EXISTS', after, after .. '\\255') end
          if op ~= 'x' and listed(key) then redis.call('EXISTS', tag .. 'Lc', tag .. 'Lc\\255') end
        end
        local function keep(index, ttl)
          if ttl == '' then redis.call('PERSIST', index)
          elseif redis.call('ZCARD', index) == 1 then redis.call('PEXPIRE', index, ttl)
          else redis.call('PEXPIRE', index, ttl, 'GT') end
        end
        local function number(time)
          local high, low = unpack8('>I4I4', time)
          return high * 4294967296 + low
        end
        local function outlive(index, key, expiry, ttl)
          keep(index, ttl)
          local ends = index .. '\\255'
          if redis.call('ZSCORE', ends, sub(key, tagged + 2)) then
            redis.call('ZADD', ends, number(expiry), sub(key, tagged + 2))
            keep(ends, ttl)
          end
        end
        local function enter(index, key, expiry, ttl)
          if redis.call('ZADD', index, 0, sub(key, tagged + 2)) == 1 and redis.call('ZCARD', index) > 8 then
            local ends = index .. '\\255'
            redis.call('ZADD', ends, number(expiry), sub(key, tagged + 2))
            for _, id in ipairs(redis.call('ZRANGE', ends, '-inf', number(now) - 60000, 'BYSCORE', 'LIMIT', 0, 4)) do
              redis.call('ZREM', index, id)
              redis.call('ZREM', ends, id)
            end
            keep(ends, ttl)
          end
          keep(index, ttl)
        end
        local function leave(index, key)
          redis.call('ZREM', index, sub(key, tagged + 2))
          redis.call('ZREM', index .. '\\255', sub(key, tagged + 2))
        end
        local function merged(old, seen, retries)
          local last, count = sub(old, 17, 24), unpack8('>I4', sub(old, 25, 28))
          if later(seen, last) then last = seen end
          return last .. struct.pack('>I4', math.min(4294967295, count + retries))
        end
        local wrote = false
        for i = 1, n do
          local key, at = KEYS[4 + i], 7 + (i - 1) * 4
          local op, ttl, value = ARGV[at + 1], ARGV[at + 3], ARGV[at + 4]
          local old = stored[key]
          if op == 'p' then
            if found[i] then
              local activity = merged(old, sub(value, 17, 24), (unpack8('>I4', sub(value, 25, 28))))
              value = sub(value, 1, 16) .. activity .. sub(value, 29)
            end
            if ttl == '' then redis.call('SET', key, value) else redis.call('SET', key, value, 'PX', ttl) end
            local before, after = old and place(old, key), place(value, key)
            local expiry = sub(value, 9, 16)
            if before and before ~= after then leave(before, key) end
            if after then
              if before ~= after then enter(after, key, expiry, ttl)
              elseif sub(old, 9, 16) ~= expiry then outlive(after, key, expiry, ttl) end
            end
            if listed(key) and not old then enter(tag .. 'Lc', key, expiry, ttl) end
            stored[key], found[i], wrote = value, true, true
          elseif op == 'r' then
            if old then
              redis.call('DEL', key)
              local before = place(old, key)
              if before then leave(before, key) end
              if listed(key) then leave(tag .. 'Lc', key) end
              stored[key], wrote = false, true
            end
          elseif op == 't' then
            if old and later(sub(old, 9, 16), now) then
              local expiry, extends = sub(old, 9, 16), sub(value, 13, 20)
              local activity = merged(old, sub(value, 1, 8), (unpack8('>I4', sub(value, 9, 12))))
              if #extends == 8 and later(extends, expiry) then
                old = sub(old, 1, 8) .. extends .. activity .. sub(old, 29)
                if ttl == '' then redis.call('SET', key, old) else redis.call('SET', key, old, 'PX', ttl) end
                local index = place(old, key)
                if index then outlive(index, key, extends, ttl) end
              else
                old = sub(old, 1, 16) .. activity .. sub(old, 29)
                redis.call('SET', key, old, 'KEEPTTL')
              end
              stored[key], wrote = old, true
            end
          end
        end
        local at = 7 + n * 4
        if r > 0 then
          local head = redis.call('HINCRBY', KEYS[2], 'r', r)
          for i = 1, r do
            redis.call('XADD', KEYS[3], string.format('%.0f-0', head - r + i), 'e', ARGV[at + i])
          end
          for _, entry in ipairs(redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', 2 * r + 8)) do
            if later(sub(entry[2][2], 1, 8), now) then break end
            redis.call('XDEL', KEYS[3], entry[1])
          end
          wrote = true
        end
        at = at + r
        if e > 0 then
          local head = redis.call('HINCRBY', KEYS[2], 'e', e)
          for i = 1, e do
            redis.call('XADD', KEYS[4], string.format('%.0f-0', head - e + i), 'e', ARGV[at + i])
          end
          wrote = true
        end
        if ARGV[3] == '1' and not wrote then redis.call('HINCRBY', KEYS[2], 'b', 1) end
        if ARGV[4] == '1' and r > 0 then redis.pcall('SPUBLISH', KEYS[3], r) end
        return 1
        """
}
