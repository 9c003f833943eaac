import Foundation
import Logging
import SQLiteStore
import TestSupport
import TokenClient
import TokenCore
import TokenEngine
import TokenSealing
import Valkey
import ValkeyServer
import ValkeyStore

/// The kinds of vault that are tested, each on what it really keeps grants in.
enum VaultShape: String, CaseIterable, Sendable {
    case folder, memoryStore, sqlite, valkey

    /// One place, and a way to open it again and again, as several processes would.
    func run(_ body: (_ open: @Sendable (SealKeys) async throws -> any TokenVault) async throws -> Void) async throws {
        switch self {
        case .folder:
            let path = temporaryFolder()
            try await body { try SealedFileVault(folder: path, seals: $0) }
        case .memoryStore:
            let store = InMemoryStore()
            try await body { RecordVault(store, seals: $0) }
        case .sqlite:
            let store = try SQLiteStore.open(.init(path: temporaryFolder()))
            try await body { RecordVault(store, seals: $0) }
            await store.close()
        case .valkey:
            try await ValkeyServer.run { server in
                try await body { seals in
                    let client = try ValkeyURL("valkey://127.0.0.1:\(server.port)").makeClient(
                        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                    return RecordVault(try await ValkeyStore.open(client, .init(partitions: 4)), seals: seals)
                }
            }
        }
    }
}

/// Grants to write.
enum SampleGrant {
    /// A grant whose published token has that value.
    static func publishing(_ value: String, now: UnixTime, over grant: UpstreamGrant = UpstreamGrant()) -> UpstreamGrant {
        var grant = grant
        let turn = grant.take(.init(Array(repeating: 7, count: 16)), for: .seconds(10), first: nil, rejected: nil, now: now)
        let issued = UpstreamGrant.Issued(token: secret(value), type: "Bearer", scope: "read", lifetime: .lasting(.seconds(600)))
        _ = grant.fetched(issued, turn, fallback: .seconds(300))
        return grant
    }

    static func secret(_ text: String) -> Secret { Secret(Array(text.utf8)) }

    static func key(_ name: String) -> VaultKey { VaultKey(TokenIdentity(issuer: name, grant: "test")) }
}
