import ServiceLifecycle

/// One listener as a service with a name: what keeps it from being opened is told apart from what ends it later.
struct Listener: Service, CustomStringConvertible {
    let name: CannotListen.Listener
    let address: TokenServer.Configuration.Address
    let listening: Listening
    let server: any Service

    /// For the log of the service group.
    var description: String { "\(name) listener" }

    func run() async throws {
        do { try await server.run() } catch {
            guard listening.isOpen(name) else { throw CannotListen(name, at: address, because: error) }
            throw error
        }
    }
}
