import NIOCore
import Testing

@testable import TokenHTTP

/// What may follow is another protocol, which nobody here speaks: the request is answered, and the connection is over (canon 58).
@Suite struct LastRequestTests {
    static let offers = [
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\n{}",
    ]

    @Test(arguments: offers) func whatMayBecomeAnotherProtocolEndsTheConnection(_ offer: String) async throws {
        try await Harness.run { server in
            for port in [server.ports.main, server.ports.admin] {
                try await Wire.open(port) { wire in
                    try await wire.send(offer + Harness.request("GET", "/ping"))
                    let reply = try await wire.reply()
                    #expect(reply["Connection"] == "close")
                    #expect(try await wire.rest().isEmpty, "what follows is not answered")
                }
            }
        }
    }

    /// Somebody who never stops talking after it is cut off, and not listened to.
    @Test(arguments: offers) func nobodyGoesOnTalkingAfterIt(_ offer: String) async throws {
        var limits = Limits()
        limits.linger = .milliseconds(50)
        try await Harness.run(configure: { [limits] in $0.limits = limits }) { server in
            for port in [server.ports.main, server.ports.admin] {
                let isCutOff = try await Wire.open(port) { wire in
                    try await wire.send(offer)
                    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
                    let end = ContinuousClock.now + .seconds(20)
                    while ContinuousClock.now < end {
                        do { try await wire.send(piece) } catch { return true }
                    }
                    return false
                }
                #expect(isCutOff)
            }
        }
    }

    @Test(arguments: [
        "POST http://evil.example/login", "POST http://evil.example", "POST http://localhost:1/login", "POST http://x@localhost/login",
        "POST https://evil.example/login", "POST http:///login", "GET http://localhost.evil/ping", "GET ftp://localhost/ping",
    ])
    func aTargetThatNamesAnotherHostIs400(_ line: String) async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                let body = #"{"user_id":1}"#
                try await wire.send(
                    "\(line) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n\(body)")
                let reply = try await wire.reply()
                #expect(reply.status == 400 && reply.member("error") == "invalid_request" && reply["Connection"] == "close")
                #expect(try await wire.rest().isEmpty)
            }
        }
    }

    @Test(arguments: ["http://localhost/ping", "HTTP://LOCALHOST/ping", "https://localhost/ping?"]) func aTargetThatNamesTheSameHostIsServed(
        _ target: String
    ) async throws {
        try await Harness.run { server in
            let reply = try await server.ask("GET", target)
            #expect(reply.body == "pong")
        }
    }

    @Test(arguments: [
        "gzip, chunked", "chunked, chunked", "identity, chunked", "chunked\r\nTransfer-Encoding: chunked", "gzip\r\nTransfer-Encoding: chunked",
    ])
    func anotherTransferCodingIsRefused(_ coding: String) async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                let request = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: \(coding)\r\n\r\n"
                try await wire.send(request + "d\r\n{\"user_id\":1}\r\n0\r\n\r\n")
                let reply = try await wire.reply()
                #expect([400, 501].contains(reply.status) && reply.member("error") == "invalid_request" && reply["Connection"] == "close")
                #expect(try await wire.rest().isEmpty)
            }
        }
    }

    @Test(arguments: ["chunked", "Chunked"]) func chunkedIsRead(_ coding: String) async throws {
        try await Harness.run { server in
            let request = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: \(coding)\r\n\r\n"
            let reply = try await Wire.ask(server.ports.main, request + "d\r\n{\"user_id\":1}\r\n0\r\n\r\n")
            #expect(reply.status == 200)
        }
    }
}
