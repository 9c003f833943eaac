/// Asks whether the server is there.
public struct PING {
    /// The plain question.
    public init() {}
}

extension PING: ValkeyCommand {
    public typealias Response = String
    public static var name: String { "PING" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("PING") }
}

/// The server's clock: seconds since 1970, and microseconds.
public struct TIME {
    /// The plain question.
    public init() {}
}

extension TIME: ValkeyCommand {
    public typealias Response = [Int]
    public static var name: String { "TIME" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("TIME") }
}

/// Facts about the server, one a line.
public struct INFO {
    /// Which facts; none: the usual ones.
    public var sections: [String]

    /// - Parameter sections: none: the usual ones.
    public init(sections: [String] = []) { self.sections = sections }
}

extension INFO: ValkeyCommand {
    public typealias Response = String
    public static var name: String { "INFO" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("INFO", sections) }
}

/// Commands about the configuration.
public enum CONFIG {
    /// Settings whose names match.
    public struct GET {
        /// Names or patterns.
        public var parameters: [String]

        /// - Parameter parameters: names or patterns.
        public init(parameters: [String]) { self.parameters = parameters }
    }
}

extension CONFIG.GET: ValkeyCommand {
    public typealias Response = [String: String]
    public static var name: String { "CONFIG GET" }
    public var isReadOnly: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("CONFIG", "GET", parameters) }
}

/// Waits until replicas have what this connection wrote. Send it together with the write.
public struct WAIT {
    /// How many are waited for.
    public var numreplicas: Int
    /// How long, in milliseconds, at least 1.
    public var timeout: Int

    /// - Parameters:
    ///   - numreplicas: how many are waited for.
    ///   - timeout: in milliseconds, at least 1.
    public init(numreplicas: Int, timeout: Int) {
        self.numreplicas = numreplicas
        self.timeout = max(1, timeout)
    }
}

extension WAIT: ValkeyCommand {
    /// How many replicas have it.
    public typealias Response = Int
    public static var name: String { "WAIT" }
    public var isBlocking: Bool { true }
    public var isRepeatable: Bool { true }
    public var blockingTime: Duration? { .milliseconds(timeout) }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("WAIT", numreplicas, timeout) }
}

/// Waits until append-only files have what this connection wrote. Send it together with the write. Since 7.2.
public struct WAITAOF {
    /// 0 or 1.
    public var numlocal: Int
    /// How many replicas are waited for.
    public var numreplicas: Int
    /// How long, in milliseconds, at least 1.
    public var timeout: Int

    /// - Parameters:
    ///   - numlocal: 0 or 1.
    ///   - numreplicas: how many replicas are waited for.
    ///   - timeout: in milliseconds, at least 1.
    public init(numlocal: Int, numreplicas: Int, timeout: Int) {
        self.numlocal = numlocal
        self.numreplicas = numreplicas
        self.timeout = max(1, timeout)
    }
}

extension WAITAOF: ValkeyCommand {
    /// How many servers of ours (0 or 1) and how many replicas have it.
    public typealias Response = [Int]
    public static var name: String { "WAITAOF" }
    public var isBlocking: Bool { true }
    public var isRepeatable: Bool { true }
    public var blockingTime: Duration? { .milliseconds(timeout) }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray("WAITAOF", numlocal, numreplicas, timeout) }
}
