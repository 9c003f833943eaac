public import ServiceLifecycle

extension TokenManager: Service {
    /// Fetches the first token, keeps it fresh as the policy says, and ends when the service group shuts down. A manager works without this too: it
    /// then begins with the first caller.
    public func run() async throws {
        start()
        try? await gracefulShutdown()
    }
}
