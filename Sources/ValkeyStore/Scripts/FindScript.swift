/// One page of the records of an index, in the order of their ids: reads in pieces until the page is full or the index ends.
///
/// KEYS: marker, index. ARGV: the store's name, now, `1` and the id after which to begin or `0` and nothing, how many, the kind's letter, the
/// index key with a `1` before it or `0` where any will do.
///
/// It answers ids and values in turn. Members whose records are gone are passed over; commits remove them.
enum FindScript {
    static let source = """
        local marker = redis.call('GET', KEYS[1])
        if marker ~= ARGV[1] then return redis.error_reply('FOREIGN this is not the store that was opened') end
        local sub, unpack8 = string.sub, struct.unpack
        local now, most = ARGV[2], tonumber(ARGV[4])
        local function later(a, b)
          local ah, al = unpack8('>I4I4', a)
          local bh, bl = unpack8('>I4I4', b)
          return ah > bh or (ah == bh and al > bl)
        end
        local prefix = sub(KEYS[1], 1, string.find(KEYS[1], '}', 1, true)) .. ARGV[5]
        local any, indexkey = sub(ARGV[6], 1, 1) == '0', sub(ARGV[6], 2)
        local from = sub(ARGV[3], 1, 1) == '1' and '(' .. sub(ARGV[3], 2) or '-'
        local page = {}
        while #page < 2 * most do
          local ids = redis.call('ZRANGE', KEYS[2], from, '+', 'BYLEX', 'LIMIT', 0, most)
          if #ids == 0 then break end
          local keys = {}
          for i, id in ipairs(ids) do keys[i] = prefix .. id end
          local values = redis.call('MGET', unpack(keys))
          for i, value in ipairs(values) do
            if value and later(sub(value, 9, 16), now) and (any or sub(value, 31, 29 + unpack8('>I2', sub(value, 29, 30))) == indexkey) then
              page[#page + 1] = ids[i]
              page[#page + 1] = value
              if #page == 2 * most then break end
            end
          end
          if #ids < most then break end
          from = '(' .. ids[#ids]
        end
        return page
        """
}
