/// Runs a Lua script that is sent with it.
public struct EVAL {
    /// The text.
    public var script: String
    /// The keys that it touches.
    public var keysAffected: [ValkeyKey]
    /// `ARGV`: any bytes.
    public var args: [ValkeyKey]

    /// - Parameter keys: every key that it touches; in a cluster all of one slot.
    public init(script: String, keys: [ValkeyKey] = [], args: [ValkeyKey] = []) {
        self.script = script
        keysAffected = keys
        self.args = args
    }
}

extension EVAL: ValkeyCommand {
    public static var name: String { "EVAL" }
    public func encode(into encoder: inout ValkeyCommandEncoder) {
        encoder.encodeArray("EVAL", script, keysAffected.count, keysAffected, args)
    }
}

/// Commands about scripts.
public enum SCRIPT {
    /// Sends a script without running it.
    public struct LOAD {
        /// The text.
        public var script: String

        /// - Parameter script: the text.
        public init(script: String) { self.script = script }
    }
}

extension SCRIPT.LOAD: ValkeyCommand {
    /// Its digest.
    public typealias Response = String
    public static var name: String { "SCRIPT LOAD" }
    public var isRepeatable: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("SCRIPT", "LOAD", script) }
}

/// Commands about libraries of functions.
public enum FUNCTION {
    /// Sends a library.
    public struct LOAD {
        /// Whether it takes the place of one of the same name.
        public var replace: Bool
        /// The text.
        public var functionCode: String

        /// - Parameters:
        ///   - replace: whether it takes the place of one of the same name.
        ///   - functionCode: the text.
        public init(replace: Bool = false, functionCode: String) {
            self.replace = replace
            self.functionCode = functionCode
        }
    }
}

extension FUNCTION.LOAD: ValkeyCommand {
    /// Its name.
    public typealias Response = String
    public static var name: String { "FUNCTION LOAD" }
    public var isRepeatable: Bool { replace }
    public func encode(into encoder: inout ValkeyCommandEncoder) {
        encoder.encodeArray("FUNCTION", "LOAD", replace ? "REPLACE" : nil, functionCode)
    }
}

/// Publishes a message.
public struct PUBLISH {
    /// The channel.
    public var channel: String
    /// Any bytes.
    public var message: ValkeyKey

    /// - Parameter message: any bytes.
    public init(channel: String, message: ValkeyKey) {
        self.channel = channel
        self.message = message
    }
}

extension PUBLISH: ValkeyCommand {
    /// How many received it, on this server.
    public typealias Response = Int
    public static var name: String { "PUBLISH" }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("PUBLISH", channel, message) }
}

/// Publishes a message within the shard of its channel.
public struct SPUBLISH {
    /// The channel.
    public var shardchannel: String
    /// Any bytes.
    public var message: ValkeyKey

    /// - Parameter message: any bytes.
    public init(shardchannel: String, message: ValkeyKey) {
        self.shardchannel = shardchannel
        self.message = message
    }
}

extension SPUBLISH: ValkeyCommand {
    /// How many received it, on this server.
    public typealias Response = Int
    public static var name: String { "SPUBLISH" }
    public var keysAffected: [ValkeyKey] { [ValkeyKey(shardchannel)] }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("SPUBLISH", shardchannel, message) }
}

/// Commands about the cluster.
public enum CLUSTER {
    /// Shards with their slots and nodes. Since 7.0.
    public struct SHARDS {
        /// The plain question.
        public init() {}
    }

    /// Slots with their nodes.
    public struct SLOTS {
        /// The plain question.
        public init() {}
    }

    /// Facts about the cluster, one a line.
    public struct INFO {
        /// The plain question.
        public init() {}
    }
}

extension CLUSTER.SHARDS: ValkeyCommand {
    public static var name: String { "CLUSTER SHARDS" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("CLUSTER", "SHARDS") }
}

extension CLUSTER.SLOTS: ValkeyCommand {
    public static var name: String { "CLUSTER SLOTS" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("CLUSTER", "SLOTS") }
}

extension CLUSTER.INFO: ValkeyCommand {
    public typealias Response = String
    public static var name: String { "CLUSTER INFO" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("CLUSTER", "INFO") }
}
