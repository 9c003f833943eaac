public import NIOCore

/// The value of a key.
public struct GET {
    /// The keys that it touches.
    public var keysAffected: [ValkeyKey]

    /// - Parameter key: of a string.
    public init(_ key: ValkeyKey) { keysAffected = [key] }
}

extension GET: ValkeyCommand {
    public typealias Response = ByteBuffer?
    public static var name: String { "GET" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("GET", keysAffected) }
}

/// The values of several keys, in their order.
public struct MGET {
    /// The keys that it touches.
    public var keysAffected: [ValkeyKey]

    /// - Parameter keys: in a cluster all of one slot.
    public init(keys: [ValkeyKey]) { keysAffected = keys }
}

extension MGET: ValkeyCommand {
    public typealias Response = [ByteBuffer?]
    public static var name: String { "MGET" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("MGET", keysAffected) }
}

/// Sets a key. Repeatable unless it depends on whether the key is there.
public struct SET {
    /// On what it depends.
    public enum Condition: String, Sendable, Hashable {
        /// The key is not there.
        case nx = "NX"
        /// The key is there.
        case xx = "XX"
    }

    /// The key.
    public var key: ValkeyKey
    /// Any bytes.
    public var value: ByteBuffer
    /// On what it depends.
    public var condition: Condition?
    /// How long the key lives, in milliseconds.
    public var milliseconds: Int?

    /// - Parameters:
    ///   - condition: nil: set in any case.
    ///   - milliseconds: how long it lives; nil: for ever.
    public init(_ key: ValkeyKey, value: ByteBuffer, condition: Condition? = nil, milliseconds: Int? = nil) {
        self.key = key
        self.value = value
        self.condition = condition
        self.milliseconds = milliseconds
    }
}

extension SET: ValkeyCommand {
    /// Nil: the condition was not met.
    public typealias Response = String?
    public static var name: String { "SET" }
    public var keysAffected: [ValkeyKey] { [key] }
    public var isRepeatable: Bool { condition == nil }
    public func encode(into encoder: inout ValkeyCommandEncoder) {
        encoder.encodeArray("SET", key, value, condition?.rawValue, milliseconds.map { ["PX", String($0)] })
    }
}

/// Removes keys.
public struct DEL {
    /// The keys that it touches.
    public var keysAffected: [ValkeyKey]

    /// - Parameter keys: in a cluster all of one slot.
    public init(keys: [ValkeyKey]) { keysAffected = keys }
}

extension DEL: ValkeyCommand {
    /// How many were there.
    public typealias Response = Int
    public static var name: String { "DEL" }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("DEL", keysAffected) }
}

/// Adds one to a counter.
public struct INCR {
    /// The keys that it touches.
    public var keysAffected: [ValkeyKey]

    /// - Parameter key: of a counter, or of nothing.
    public init(_ key: ValkeyKey) { keysAffected = [key] }
}

extension INCR: ValkeyCommand {
    public typealias Response = Int
    public static var name: String { "INCR" }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("INCR", keysAffected) }
}
