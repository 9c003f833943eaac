/// One command with its arguments.
///
/// `isRepeatable` is the promise that lets the client send a command again after a disconnect that leaves open whether it was run.
public protocol ValkeyCommand: Sendable, Hashable {
    /// What its reply is read as.
    associatedtype Response: RESPTokenDecodable & Sendable = RESPToken

    /// In capitals, for messages and errors.
    static var name: String { get }
    /// Which keys it touches; in a cluster they say where it goes.
    var keysAffected: [ValkeyKey] { get }
    /// Whether its reply may wait for something to happen. It is then sent on a connection of its own.
    var isBlocking: Bool { get }
    /// How long it waits on purpose, in addition to the time that any command may take; nil: until it is cancelled.
    var blockingTime: Duration? { get }
    /// Whether it changes nothing.
    var isReadOnly: Bool { get }
    /// Whether running it twice does what running it once does.
    var isRepeatable: Bool { get }
    /// Writes its name and arguments as one array.
    func encode(into encoder: inout ValkeyCommandEncoder)
}

extension ValkeyCommand {
    /// None by default.
    public var keysAffected: [ValkeyKey] { [] }
    /// False by default.
    public var isBlocking: Bool { false }
    /// Nothing by default.
    public var blockingTime: Duration? { .zero }
    /// False by default.
    public var isReadOnly: Bool { false }
    /// By default true of what changes nothing, and of nothing else.
    public var isRepeatable: Bool { isReadOnly }
}

/// Any command, for those that have no type here.
public struct ValkeyRawCommand {
    /// Its name and its arguments, keys among them.
    public var words: [ValkeyKey]
    /// The keys among the arguments.
    public var keysAffected: [ValkeyKey]
    /// Whether it changes nothing, and so may be repeated.
    public var isReadOnly: Bool

    /// - Parameters:
    ///   - words: the name and the arguments, keys among them.
    ///   - keys: which of them are keys; in a cluster they say where the command goes.
    ///   - isReadOnly: false by default.
    public init(_ words: [ValkeyKey], keys: [ValkeyKey] = [], isReadOnly: Bool = false) {
        self.words = words
        keysAffected = keys
        self.isReadOnly = isReadOnly
    }
}

extension ValkeyRawCommand: ValkeyCommand {
    /// Names differ; this stands for all of them.
    public static var name: String { "RAW" }
    public func encode(into encoder: inout ValkeyCommandEncoder) { encoder.encodeArray(words) }
}

/// Another command, which its author knows may be run twice.
public struct Repeatable<Base: ValkeyCommand> {
    /// The command.
    public let base: Base

    /// - Parameter base: a command whose second run does nothing, or the same once more.
    public init(_ base: Base) { self.base = base }
}

extension Repeatable: ValkeyCommand {
    public typealias Response = Base.Response
    /// Its own name.
    public static var name: String { Base.name }
    public var keysAffected: [ValkeyKey] { base.keysAffected }
    public var isBlocking: Bool { base.isBlocking }
    public var blockingTime: Duration? { base.blockingTime }
    public var isReadOnly: Bool { base.isReadOnly }
    public var isRepeatable: Bool { true }
    public func encode(into encoder: inout ValkeyCommandEncoder) { base.encode(into: &encoder) }
}
