/// The scripts that do what a verb asks of a pool: `PoolMachine` where the rows are, rule for rule and bound for bound. One script for each group of
/// verbs, all of the same pieces, so that a call runs through no more text than it needs.
///
/// KEYS: see `PoolNames.all`: everything that is touched, so that a server on which a part of the slot is missing refuses before anything is written.
/// ARGV: the store's name; the time in milliseconds; whether something must be written in any case (`1`); whether
/// events are kept (`1`); the pool's name; eight bytes of chance; the verb; then what the verb needs.
///
/// It answers a word for the outcome, whether waiters are to ask again (1), when the next thing is due (-1: never), what happened as a list of stored
/// events, and what belongs to the outcome. What happened stands in the outbox byte for byte.
///
/// Where somebody waits for what it made free, it rings on the channel `KEYS[12]`: the number of the first place (0: everybody), a space, the pool.
///
/// By its first line a script does not begin on a server that is out of memory. Work is O(log n) for each token that is named or due.
package enum PoolScript {
    /// `assign`, `leave`, `wait`.
    package static let assign = script(asking)
    /// `alive`, `release`, `putback`, `report`, `restore`, `delete`.
    package static let hold = script(holding)
    /// `add`, `shrink`.
    static let size = script(sizing)
    /// `create`, `change`, `turn`, `statistics`, `list`, `settle`.
    static let rules = script(ruling, absent: creation)
    /// `remove`: settles nothing, and ends otherwise than the others.
    static let remove = [head(absent: nothing), rows, removal].joined(separator: "\n")

    private static func script(_ verbs: String, absent: String = nothing) -> String {
        [head(absent: absent), rows, queue, time, settling, verbs, end].joined(separator: "\n")
    }

    /// Is this the store, what time is it, and how does the pool stand?
    private static func head(absent: String) -> String {
        """
        #!lua
        local call = redis.call
        if call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('FOREIGN this is not the store that was opened') end
        local sub, floor, max, min = string.sub, math.floor, math.max, math.min
        local pack, read = struct.pack, struct.unpack
        local now, pool, verb = tonumber(ARGV[2]), ARGV[5], ARGV[7]
        local header = call('GET', KEYS[4])
        \(absent)
        local order, lifetime, rest, limit, most, longest, perholder, failures, ratecount, ratespan, parts, phase, free, assigned,
          resting, quarantined, waiting, surplus, lastlease, nextrank, nextticket = read('\(StoredPool.policyForm + StoredPool.countsForm)', header)
        local policy = sub(header, 1, \(StoredPool.policyLength))
        local n = {[0] = free, assigned, resting, quarantined}
        local told = {}
        local function state()
          return policy .. pack('\(StoredPool.countsForm)', phase, n[0], n[1], n[2], n[3], waiting, surplus, lastlease, nextrank, nextticket)
        end
        local function split(ticket)
          return 'split', parts, ticket or -1
        end
        local function keep()
          if ARGV[4] == '1' and #told > 0 then
            local head = call('HINCRBY', KEYS[2], 'e', #told)
            for i, body in ipairs(told) do call('XADD', KEYS[3], string.format('%.0f-0', head - #told + i), 'e', body) end
          end
          if ARGV[3] == '1' then call('HINCRBY', KEYS[2], 'b', 1) end
        end
        """
    }

    private static let nothing = "if not header then return {'noPool', 0, -1, {}} end"

    /// What is due comes first, then the verb. Who was first in line before is kept for the end.
    private static let settling = """
        for _ = 1, 64 do
          local first = call('ZRANGE', KEYS[7], 0, 0, 'WITHSCORES')
          dueid, dueat, dueknown = first[1], tonumber(first[2]), true
          if not dueid or dueat > now then break end
          settle(token(dueid))
        end
        local ahead
        for _ = 1, 64 do
          local place = firstplace()
          ahead = ahead or place and place.number
          if not place or place.till > now then break end
          leave(place)
        end
        """

    /// The bell rings only when somebody who has waited may be served now and could not be before: another one is first, more is free, or the phase
    /// was told; in a pool of several parts, which does not know what is free, also when it is settled because something is. So an attempt of somebody whose turn it is not makes no other attempt.
    private static let end = """
        local outcome, a, b, c = perform()
        local after = state()
        if after ~= header then call('SET', KEYS[4], after) end
        keep()
        if not dueknown then dueat = tonumber(call('ZRANGE', KEYS[7], 0, 0, 'WITHSCORES')[2]) end
        if outcome == 'noneFree' then a = dueat or -1 end
        local place = firstplace()
        if place and place.till < (dueat or place.till + 1) then dueat = place.till end
        local wakes = waiting > 0 and ((n[0] > 0 or parts > 1) and phase == 0 or phase == 2)
        if wakes and ahead and (place.number ~= ahead or n[0] > free or verb == 'turn' or parts > 1 and verb == 'settle') then ring(place.number) end
        return {outcome, wakes and 1 or 0, dueat or -1, told, a, b, c}
        """
}
