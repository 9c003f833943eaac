public import Foundation

extension Process {
    /// Starts it, as `run()` does, but never two at a time.
    ///
    /// Foundation learns of a child's end when the far end of a socket closes. A child that is started at that moment has that end too, and as long
    /// as it lives the other's end goes unnoticed.
    public func startAlone() throws {
        try Self.oneAtATime.withLock { try run() }
    }

    /// Held while a child is started.
    private static let oneAtATime = NSLock()
}
