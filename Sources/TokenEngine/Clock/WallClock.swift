public import TokenCore

/// Where the engine reads the time: once per request.
///
/// Promises of an implementer: never goes back within a process; callable from any thread; cheap (tens of nanoseconds).
public protocol WallClock: Sendable {
    /// Now.
    func now() -> UnixTime
    /// Whether the system's clock stands further behind the time already given out than the leeway allows: nothing may be issued (canon 62).
    var isBehind: Bool { get }
}
