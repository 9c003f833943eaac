import NIOCore

/// `POST /pools/NAME/assign` and `…/unblock` of what it brought, one after the other on every connection.
struct PoolCycle: Workload {
    let kinds = ["assign", "unblock"]
    private let pool: String
    /// What a connection has taken out.
    private var held: [Int: [UInt8]] = [:]

    /// - Parameter pool: has more tokens than there are connections, and lets none rest.
    init(_ pool: String) { self.pool = pool }

    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        if let token = self.held.removeValue(forKey: connection) {
            Messages.pool(self.pool, "unblock", [UInt8]("{\"token\":\"".utf8) + token + [UInt8]("\"}".utf8), into: &buffer)
            return Ask(kind: 1, slot: connection)
        }
        Messages.pool(self.pool, "assign", [UInt8]("{}".utf8), into: &buffer)
        return Ask(kind: 0, slot: connection)
    }

    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool {
        guard status == 200 else { return false }
        guard ask.kind == 0 else { return true }
        guard let token = ReplyField.find("token", in: body) else { return false }
        self.held[ask.slot] = Array(token)
        return true
    }
}

/// Makes a pool whose tokens do not rest, and puts tokens in, ten thousand with each request. For one connection.
struct PoolFill: Workload {
    let kinds = ["generate"]
    /// How many one request makes at most.
    private static let mostAtOnce = 10_000
    private let pool: String
    private let count: Int
    private var made = -1

    init(_ pool: String, count: Int) {
        self.pool = pool
        self.count = count
    }

    /// How many requests that takes.
    var requests: Int { 1 + (self.count + Self.mostAtOnce - 1) / Self.mostAtOnce }

    mutating func next(for connection: Int, into buffer: inout ByteBuffer) -> Ask? {
        guard self.made >= 0 else {
            // Held as long as the longest benchmark takes: what a turn leaves in hand is given back in the next one.
            let policy = "{\"lifetime\":\"6h\",\"unblock_lifetime\":0,\"max_tokens\":\(self.count)}"
            Messages.pool(self.pool, "", [UInt8](policy.utf8), into: &buffer)
            self.made = 0
            return Ask(kind: 0)
        }
        let next = min(self.count - self.made, Self.mostAtOnce)
        guard next > 0 else { return nil }
        Messages.pool(self.pool, "generate", [UInt8]("{\"count\":\(next)}".utf8), into: &buffer)
        self.made += next
        return Ask(kind: 0)
    }

    mutating func accept(status: Int, body: UnsafeRawBufferPointer, to ask: Ask) -> Bool { status == 200 || status == 201 }
}
