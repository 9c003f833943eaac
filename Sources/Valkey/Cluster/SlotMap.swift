import NIOCore

/// Which primary serves which slot, as one node told it.
struct SlotMap: Equatable, Sendable {
    /// The newest configuration that the node knows of. A higher one is a later one.
    var epoch: UInt64 = 0
    /// Primaries, in the order in which they were told.
    private(set) var primaries: [ValkeyServerAddress] = []
    /// Every node, replicas too: any of them can be asked for a newer map.
    private(set) var nodes: Set<ValkeyServerAddress> = []
    /// An index into `primaries` for each slot.
    private var owners = [UInt16](repeating: .max, count: HashSlot.count)

    /// Who serves the slot; nil: nobody is known.
    subscript(_ slot: HashSlot) -> ValkeyServerAddress? {
        let owner = Int(owners[Int(slot.rawValue)])
        return owner < primaries.count ? primaries[owner] : nil
    }

    /// Whether the node is the primary of any slot.
    func serves(_ node: ValkeyServerAddress) -> Bool {
        primaries.firstIndex(of: node).map { index in owners.contains(UInt16(index)) } ?? false
    }

    /// How many slots have a primary.
    var covered: Int { owners.count { $0 != .max } }

    /// A node joined.
    mutating func add(_ node: ValkeyServerAddress) { nodes.insert(node) }

    /// A server said that the slots are there.
    mutating func assign(_ slots: ClosedRange<Int>, to primary: ValkeyServerAddress) {
        nodes.insert(primary)
        let index = primaries.firstIndex(of: primary) ?? primaries.count
        if index == primaries.count { primaries.append(primary) }
        for slot in slots.clamped(to: 0...HashSlot.count - 1) { owners[slot] = UInt16(index) }
    }
}

extension SlotMap {
    /// - Parameters:
    ///   - shards: the reply to CLUSTER SHARDS.
    ///   - asked: who replied; nodes that do not know their own host have his.
    ///   - isEncrypted: whether the ports for TLS are wanted.
    init(shards: RESPToken, asked: ValkeyServerAddress, isEncrypted: Bool) throws(RESPDecodeError) {
        self.init()
        guard let list = shards.elements else { throw RESPDecodeError(expected: "an array of shards", token: shards) }
        for shard in list {
            let slots = try [Int](shard.member("slots"))
            guard let members = try shard.member("nodes").elements else { throw RESPDecodeError(expected: "an array of nodes", token: shard) }
            var primary: ValkeyServerAddress?
            for node in members {
                guard let address = try Self.address(node, asked, isEncrypted) else { continue }
                let (role, health) = (try String(node.member("role")), try String(node.member("health")))
                if health != "fail" { add(address) }
                if role == "master" || role == "primary", primary == nil || health == "online" { primary = address }
            }
            guard let primary, slots.count.isMultiple(of: 2) else { continue }
            for start in stride(from: 0, to: slots.count, by: 2) where slots[start] <= slots[start + 1] {
                assign(slots[start]...slots[start + 1], to: primary)
            }
        }
    }

    /// Nil: it has no port of the wanted kind.
    private static func address(
        _ node: RESPToken, _ asked: ValkeyServerAddress, _ isEncrypted: Bool
    ) throws(RESPDecodeError) -> ValkeyServerAddress? {
        guard let port = try? Int(node.member(isEncrypted ? "tls-port" : "port")), (1...65535).contains(port) else { return nil }
        return .hostname(host(try node.member("endpoint"), asked), port: port)
    }

    /// - Parameter slots: the reply to CLUSTER SLOTS, which servers before 7.0 have.
    init(slots: RESPToken, asked: ValkeyServerAddress) throws(RESPDecodeError) {
        self.init()
        guard let list = slots.elements else { throw RESPDecodeError(expected: "an array of slots", token: slots) }
        for entry in list {
            let parts = Array(entry.elements.map(Array.init) ?? [])
            guard parts.count >= 3 else { throw RESPDecodeError(expected: "a range of slots", token: entry) }
            let (first, last) = (try Int(parts[0]), try Int(parts[1]))
            guard first <= last else { throw RESPDecodeError(expected: "a range of slots", token: entry) }
            for (index, node) in parts[2...].enumerated() {
                let fields = Array(node.elements.map(Array.init) ?? [])
                guard fields.count >= 2 else { throw RESPDecodeError(expected: "a node", token: node) }
                let port = try Int(fields[1])
                guard (1...65535).contains(port) else { throw RESPDecodeError(expected: "a port", token: node) }
                let address = ValkeyServerAddress.hostname(Self.host(fields[0], asked), port: port)
                add(address)
                if index == 0 { assign(first...last, to: address) }
            }
        }
    }

    private static func host(_ token: RESPToken, _ asked: ValkeyServerAddress) -> String {
        guard let text = token.string.map(String.init(buffer:)), !text.isEmpty, text != "?" else { return asked.host }
        return text
    }
}
