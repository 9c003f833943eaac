extension PoolScript {
    /// The rows of a pool: a token as a table, `was` and `due` what is written of it, `n` the counts by standing. Standings: 0 free, 1 assigned,
    /// 2 resting, 3 set aside.
    static let rows = """
        local whole = string.match(pool, '^~[^~]*~(.*)$') or pool
        local dueid, dueat, dueknown
        local function token(id)
          local row = call('HGET', KEYS[5], id)
          if not row then return nil end
          local s, x, k, u, g, l, h = read('\(StoredPool.tokenForm)', row)
          local at = \(StoredPool.tokenLength) + h
          local holder = sub(row, \(StoredPool.tokenLength) + 1, at)
          return {id = id, s = s, x = x, k = k, u = u, g = g, l = l, h = holder, r = sub(row, at + 1), was = s, due = u, whose = holder}
        end
        local function count(holder, step)
          if perholder == 0 or holder == '' then return end
          if call('HINCRBY', KEYS[8], holder, step) == 0 then call('HDEL', KEYS[8], holder) end
        end
        local function moved(id, due)
          if id == dueid then dueknown = false
          elseif due > 0 and (not dueid or due < dueat) then dueid, dueat = id, due end
        end
        local function put(t)
          local id, s, was, u = t.id, t.s, t.was, t.u
          if s ~= was then
            n[s] = n[s] + 1
            if was then n[was] = n[was] - 1 end
            if was == 0 then call('ZREM', KEYS[6], id) end
            if was == 1 then count(t.whose, -1) end
            if s == 0 then call('ZADD', KEYS[6], t.k, id) end
            if s == 1 then count(t.h, 1) end
          end
          if u ~= t.due then
            if u > 0 then call('ZADD', KEYS[7], u, id) else call('ZREM', KEYS[7], id) end
            moved(id, u)
          end
          call('HSET', KEYS[5], id, pack('\(StoredPool.tokenForm)', s, t.x, t.k, u, t.g, t.l, #t.h) .. t.h .. t.r)
          t.was, t.due, t.whose = s, u, t.h
        end
        local function tell(name, t, at)
          local held = -1
          if t.s == 1 and name ~= 'assigned' then held = max(0, at - t.k) end
          told[#told + 1] = pack('>I2c0i8c6I2c0c16i8I2c0i8', #name, name, at, '\\0\\0\\0\\0\\0\\0', #whole, whole, t.id, t.l, #t.h, t.h, held)
        end
        local function drop(t, at)
          n[t.was] = n[t.was] - 1
          if t.was == 0 then call('ZREM', KEYS[6], t.id) end
          if t.was == 1 then count(t.whose, -1) end
          if t.due > 0 then
            call('ZREM', KEYS[7], t.id)
            moved(t.id, 0)
          end
          call('HDEL', KEYS[5], t.id)
          call('HDEL', KEYS[10], t.id)
          call('ZREM', KEYS[11], t.id)
          tell('deleted', t, at)
          t.gone = true
        end
        local function firstplace()
          if waiting == 0 then return nil end
          local row = call('ZRANGE', KEYS[9], 0, 0)[1]
          local number, till = read('>I8I8', row)
          return {number = number, till = till, row = row}
        end
        local function leave(place)
          call('ZREM', KEYS[9], place.row)
          waiting = waiting - 1
        end
        local function ring(first)
          redis.pcall('SPUBLISH', KEYS[12], string.format('%.0f %s', first, pool))
        end
        """

    /// Places in the queue.
    static let queue = """
        local function place(number)
          if not number or waiting == 0 then return nil end
          local row = call('ZRANGE', KEYS[9], number, number, 'BYSCORE')[1]
          return row and {number = number, row = row}
        end
        local function stay(place)
          if place.row then call('ZREM', KEYS[9], place.row) end
          call('ZADD', KEYS[9], place.number, pack('>I8I8', place.number, now + 5000))
        end
        """

    /// What time does to a token. Chance is SplitMix64 from the seed, in halves: the same picks as `PoolChance`.
    static let time = """
        local high, low
        local function times(a, b)
          local a1, a0, b1, b0 = floor(a / 65536), a % 65536, floor(b / 65536), b % 65536
          local mid = a0 * b1 + a1 * b0
          local lo = a0 * b0 + (mid % 65536) * 65536
          return a1 * b1 + floor(mid / 65536) + floor(lo / 4294967296), lo % 4294967296
        end
        local function mix(h, l, shift, mh, ml)
          local s, back = 2 ^ shift, 2 ^ (32 - shift)
          l = bit.bxor(l, floor(l / s) + (h % s) * back) % 4294967296
          h = bit.bxor(h, floor(h / s)) % 4294967296
          if not mh then return h, l end
          local carry, lo = times(l, ml)
          local _, cross1 = times(h, ml)
          local _, cross2 = times(l, mh)
          return (carry + cross1 + cross2) % 4294967296, lo
        end
        local function point()
          if not high then high, low = read('>I4I4', ARGV[6]) end
          low = low + 0x7f4a7c15
          high = (high + 0x9e3779b9 + floor(low / 4294967296)) % 4294967296
          low = low % 4294967296
          local h, l = mix(high, low, 30, 0xbf58476d, 0x1ce4e5b9)
          h, l = mix(h, l, 27, 0x94d049bb, 0x133111eb)
          h, l = mix(h, l, 31)
          return h * 65536 + floor(l / 65536)
        end
        local function rank(t)
          if order == 1 then return point() end
          if order == 2 and t.l > 0 then return t.l end
          nextrank = nextrank + 1
          return nextrank - 1
        end
        local function endoflife(t)
          return limit > 0 and t.g + limit or 0
        end
        local function restofrate(t)
          local count = #t.r / 6
          if ratecount == 0 or count < ratecount then return 0 end
          return read('>I6', t.r, (count - ratecount) * 6 + 1) + ratespan
        end
        local function relax(t, till)
          t.s, t.k, t.u, t.h = 2, 0, till, ''
          put(t)
        end
        local function firstrank(t)
          local lowest = tonumber(call('ZRANGE', KEYS[6], 0, 0, 'WITHSCORES')[2])
          return lowest and lowest > 0 and lowest - 1 or rank(t)
        end
        local function setfree(t, at, first)
          local rested = restofrate(t)
          if rested > at then return relax(t, rested) end
          if surplus > 0 then
            surplus = surplus - 1
            return drop(t, at)
          end
          if t.s == 2 and limit > 0 and t.g + limit <= at then t.g = at end
          t.s, t.k, t.h = 0, first and firstrank(t) or rank(t), ''
          t.u = endoflife(t)
          put(t)
        end
        local function settle(t)
          if t.s == 1 then tell('expired', t, t.u) end
          if t.s == 0 then drop(t, t.u) else setfree(t, t.u) end
        end
        local function settled(id)
          local t = token(id)
          while t and not t.gone and t.u > 0 and t.u <= now do settle(t) end
          if t and not t.gone then return t end
        end
        """
}
