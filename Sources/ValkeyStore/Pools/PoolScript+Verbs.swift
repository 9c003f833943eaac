extension PoolScript {
    /// Taking tokens out, and the queue.
    ///
    /// `assign`: holder, how many, whether it waits (`1`), its ticket or nothing. `leave`: a ticket. `wait`: tickets.
    static let asking = """
        local function nextfree(count)
          if n[0] < count then return nil end
          local tokens, start = {}, order == 1 and point() or 0
          local from, turned, maydrop = start, false, 64
          while #tokens < count do
            local next = call('ZRANGE', KEYS[6], from, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
            local found = tonumber(next[2])
            if not found or (turned and found >= start) then
              if turned or start == 0 then return nil end
              from, turned = 0, true
            else
              from = found + 1
              local t = token(next[1])
              if t.u == 0 or t.u > now then tokens[#tokens + 1] = t
              elseif maydrop == 0 then return nil
              else
                maydrop = maydrop - 1
                drop(t, t.u)
              end
            end
          end
          return tokens
        end
        local function give(t, holder)
          lastlease = max(lastlease + 1, now * 1000)
          t.s, t.k, t.g, t.l, t.h, t.u = 1, now, max(t.g, now), lastlease, holder, now + (longest > 0 and min(lifetime, longest) or lifetime)
          if ratecount > 0 then t.r = sub(t.r .. pack('>I6', now), -6 * ratecount) end
          put(t)
          tell('assigned', t, now)
        end
        local function assign(holder, count, waits, own)
          local function refuse(outcome)
            if own then leave(own) end
            return outcome
          end
          if phase == 2 then return refuse('draining') end
          if perholder > 0 and holder ~= '' and tonumber(call('HGET', KEYS[8], holder) or 0) + count > perholder then
            return refuse('holderLimit')
          end
          local first = firstplace()
          local turn = phase == 0 and (not first or (own and first.number == own.number))
          local tokens = parts == 1 and turn and nextfree(count)
          if tokens then
            local taken = {}
            for _, t in ipairs(tokens) do
              give(t, holder)
              taken[#taken + 1] = t.id
              taken[#taken + 1] = call('HGET', KEYS[10], t.id)
              taken[#taken + 1] = t.l
            end
            if own then leave(own) end
            return 'assigned', longest > 0 and min(lifetime, longest) or lifetime, taken
          end
          if not waits then
            refuse()
            if parts > 1 then return split() end
            return 'noneFree'
          end
          if not own then
            if waiting >= 10000 then return 'queueFull' end
            own = {number = nextticket}
            nextticket, waiting = nextticket + 1, waiting + 1
          end
          stay(own)
          if parts > 1 and turn then return split(own.number) end
          return 'waiting', own.number
        end
        local function perform()
          if verb == 'assign' then return assign(ARGV[8], tonumber(ARGV[9]), ARGV[10] == '1', place(tonumber(ARGV[11]))) end
          for i = 8, #ARGV do
            local own = place(tonumber(ARGV[i]))
            if own and verb == 'leave' then leave(own) elseif own then stay(own) end
          end
          return 'done'
        end
        """

    /// What is said of one token: its id, a lease or nothing; of `report` whether it failed (`1`) and the rest.
    static let holding = """
        local function finish(t, length)
          tell('released', t, now)
          t.g = max(t.g, now)
          local till = max(now + length, restofrate(t))
          if till > now then relax(t, till) else setfree(t, now) end
          return 'resting', till
        end
        local function putback(t)
          tell('released', t, now)
          if #t.r > 0 and read('>I6', t.r, #t.r - 5) == t.k then t.r = sub(t.r, 1, -7) end
          setfree(t, now, order == 0)
          return 'done'
        end
        local function alive(t)
          t.g = max(t.g, now)
          local till = -1
          if t.s == 1 then
            local wanted = now + lifetime
            if longest > 0 then wanted = min(wanted, t.k + longest) end
            t.u = max(t.u, wanted)
            till = t.u
          elseif t.s == 0 then t.u = endoflife(t) end
          put(t)
          return 'alive', till
        end
        local function report(t)
          if ARGV[10] ~= '1' then
            t.x = 0
            put(t)
            return 'alive', t.u
          end
          t.x = t.x + 1
          if failures == 0 or t.x < failures then return finish(t, max(rest, tonumber(ARGV[11]))) end
          tell('quarantined', t, now)
          t.g, t.s, t.k, t.u, t.h = max(t.g, now), 3, 0, 0, ''
          put(t)
          return 'quarantined'
        end
        local function perform()
          if parts > 1 then return split() end
          local t, lease = settled(ARGV[8]), tonumber(ARGV[9])
          if not t then return 'noToken' end
          if lease and (t.s ~= 1 or t.l ~= lease) then return 'staleLease' end
          if verb == 'alive' then return alive(t) end
          if verb == 'report' then return report(t) end
          if verb == 'putback' then return putback(t) end
          if verb == 'release' then
            if t.s ~= 1 then return 'notAssigned' end
            t.x = 0
            return finish(t, rest)
          end
          if verb == 'delete' then
            if t.s ~= 0 then surplus = max(0, surplus - 1) end
            drop(t, now)
          elseif t.s == 3 then
            t.x, t.g = 0, max(t.g, now)
            setfree(t, now)
          end
          return 'done'
        end
        """

    /// How many tokens there are. `add`: ids and values in turn. `shrink`: to how many, at most how many at once.
    static let sizing = """
        local function total()
          return n[0] + n[1] + n[2] + n[3]
        end
        local function add()
          local new, seen = {}, {}
          for i = 8, #ARGV, 2 do
            local id = ARGV[i]
            if not settled(id) and not seen[id] then
              new[#new + 1], seen[id] = i, true
            end
          end
          local room = max(0, most - total())
          if #new > room then return 'full', room end
          for _, i in ipairs(new) do
            local t = {id = ARGV[i], s = 0, x = 0, u = 0, g = now, l = 0, h = '', r = '', due = 0}
            t.k, t.u = rank(t), endoflife(t)
            put(t)
            call('HSET', KEYS[10], t.id, ARGV[i + 1])
            call('ZADD', KEYS[11], 0, t.id)
          end
          surplus = max(0, surplus - #new)
          return 'added', #new
        end
        local function shrink(to, atmost)
          local removed = 0
          while removed < atmost and total() > to do
            local id = call('ZRANGE', KEYS[6], 0, 0)[1]
            if not id then break end
            drop(token(id), now)
            removed = removed + 1
          end
          local over = max(0, total() - to)
          surplus = max(0, over - n[0])
          return 'shrunk', removed, over, n[0] > 0 and over > 0 and 1 or 0
        end
        local function perform()
          if parts > 1 then return split() end
          if verb == 'add' then return add() end
          return shrink(tonumber(ARGV[8]), tonumber(ARGV[9]))
        end
        """
}
