import NIOCore
import NIOPosix
import Testing
import TokenCore

@testable import TokenHTTP

/// What keeps a server from listening is told by listener, address and reason.
@Suite struct ListenTests {
    @Test func aPortInUseIsNamed() async throws {
        let other = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(other.localAddress?.port)
        let address = TokenServer.Configuration.Address(host: "127.0.0.1", port: port)
        for listener in [CannotListen.Listener.main, .admin, .metrics] {
            let error = await #expect(throws: CannotListen.self) {
                try await Harness.run(configure: { $0.listen(listener, at: address) }) { _ in }
            }
            #expect(error?.listener == listener && error?.address == address && error?.reason == .inUse)
        }
        try await other.close().get()
    }

    @Test func aNameWithoutAnAddressAndAnAddressOfAnotherMachineAreTold() async throws {
        let nowhere = await #expect(throws: CannotListen.self) {
            try await Harness.run(configure: { $0.listen(.admin, at: .init(host: "nowhere.invalid", port: 0)) }) { _ in }
        }
        #expect(nowhere?.listener == .admin && nowhere?.reason == .unknownHost)
        let elsewhere = await #expect(throws: CannotListen.self) {
            try await Harness.run(configure: { $0.listen(.main, at: .init(host: "192.0.2.1", port: 0)) }) { _ in }
        }
        #expect(elsewhere?.reason == .refused("Cannot assign requested address"))
    }

    @Test func anIPv6AddressIsWrittenInBrackets() {
        #expect("\(TokenServer.Configuration.Address(host: "::1", port: 22600))" == "[::1]:22600")
        #expect("\(TokenServer.Configuration.Address(host: "127.0.0.1", port: 1))" == "127.0.0.1:1")
    }

    @Test func aKeyOfAnotherCertificateIsTold() async throws {
        try await Certificates.use { one in
            try await Certificates.use { other in
                let mixed = TokenServer.Configuration.TLS(certificate: one.tls.certificate, key: other.tls.key)
                let error = #expect(throws: UnusableCertificate.self) { try mixed.check() }
                #expect(error?.part == .pair)
                let swapped = TokenServer.Configuration.TLS(certificate: one.tls.key, key: one.tls.key)
                #expect(throws: UnusableCertificate.self) { try swapped.check() }
                let noKey = TokenServer.Configuration.TLS(certificate: one.tls.certificate, key: one.tls.certificate)
                let missing = #expect(throws: UnusableCertificate.self) { try noKey.check() }
                #expect(missing?.part == .key)
                try one.tls.check()
            }
        }
    }
}

extension TokenServer.Configuration {
    fileprivate mutating func listen(_ listener: CannotListen.Listener, at address: Address) {
        switch listener {
        case .main: self.address = address
        case .admin: admin = address
        case .metrics: metrics = address
        }
    }
}
