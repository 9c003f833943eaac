/// Where a server listens.
public struct ValkeyServerAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name, or an address in numbers.
    public let host: String
    /// 1 to 65535.
    public let port: Int

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// By host and port.
    public static func hostname(_ host: String, port: Int = 6379) -> Self { Self(host: host, port: port) }

    /// `host:port`
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
