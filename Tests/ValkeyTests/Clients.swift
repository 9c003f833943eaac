import Logging
import NIOCore
import Valkey
import ValkeyServer

extension ValkeyServer {
    /// Where it listens.
    var address: ValkeyServerAddress { .hostname("127.0.0.1", port: port) }

    /// Runs the body with a client of this server, patient by default: test machines are busy.
    func withClient<Value>(
        _ configuration: ValkeyClientConfiguration = .init(commandTimeout: .seconds(15)), _ body: (ValkeyClient) async throws -> Value
    ) async throws -> Value {
        let client = ValkeyClient(address, configuration: configuration, logger: Logger(label: "test"))
        defer { client.shutdown() }
        return try await body(client)
    }
}

/// The error of something that must fail.
func failure<Value>(isolation: isolated (any Actor)? = #isolation, of body: () async throws -> Value) async throws -> ValkeyClientError {
    do {
        let value = try await body()
        throw Unexpected(description: "It succeeded with \(value).")
    } catch let error as ValkeyClientError {
        return error
    }
}

struct Unexpected: Error, CustomStringConvertible { let description: String }

extension ByteBuffer {
    init(text: String) { self.init(string: text) }
}
