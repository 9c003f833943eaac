import NIOCore
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// What a connection owes to HTTP/1, whichever route answers.
@Suite struct ConnectionTests {
    @Test func connectionCloseIsHonoured() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(Harness.request("GET", "/ping", ["Connection: close"]) + Harness.request("GET", "/ping"))
                let reply = try await wire.reply()
                #expect(reply.status == 200 && reply["Connection"] == "close")
                #expect(try await wire.rest().isEmpty, "nothing after it is answered")
            }
        }
    }

    @Test func closeAmongOtherTokensIsHonoured() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(Harness.request("GET", "/ping", ["Connection: foo, Close"]))
                #expect(try await wire.reply()["Connection"] == "close")
                #expect(try await wire.rest().isEmpty)
            }
        }
    }

    @Test func http10IsAnsweredAndClosed() async throws {
        try await Harness.run { server in
            for head in ["GET /ping HTTP/1.0\r\n\r\n", "GET /ping HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"] {
                try await Wire.open(server.ports.main) { wire in
                    try await wire.send(head)
                    let reply = try await wire.reply()
                    #expect(reply.status == 200 && reply.body == "pong")
                    #expect(try await wire.rest().isEmpty)
                }
            }
        }
    }

    @Test func headHasTheFieldsAndNoBody() async throws {
        try await Harness.run { server in
            let bearer = Harness.bearer(try await server.login().access)
            for fields in [[], [bearer]] {
                try await Wire.open(server.ports.main) { wire in
                    try await wire.send(
                        Harness.request("GET", "/authenticate", fields) + Harness.request("HEAD", "/authenticate", fields)
                            + Harness.request("GET", "/ping"))
                    let get = try await wire.reply()
                    let head = try await wire.reply(toHead: true)
                    #expect(head.body.isEmpty && head.head == get.head)
                    #expect(try await wire.reply().body == "pong")
                }
            }
        }
    }

    @Test func expectIsAnsweredBeforeTheBody() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                let body = #"{"user_id":7}"#
                try await wire.send(
                    "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: \(body.count)\r\n\r\n"
                )
                #expect(try await wire.reply().status == 100)
                try await wire.send(body)
                #expect(try await wire.reply().status == 200)
            }
        }
    }

    @Test func aBodyTooLargeIsRefusedBeforeItIsSent() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send("POST /login HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 16385\r\n\r\n")
                let reply = try await wire.reply()
                #expect(reply.status == 413 && reply.member("error") == "content_too_large" && reply["Connection"] == "close")
                #expect(try await wire.rest().isEmpty)
            }
        }
    }

    @Test func aChunkedBodyTooLargeIsRefusedWhileItArrives() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send("POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in 0..<5 { try await wire.send("1000\r\n" + String(repeating: "x", count: 4096) + "\r\n") }
                let reply = try await wire.reply()
                #expect(reply.status == 413 && reply["Content-Type"] == "application/json" && reply["Connection"] == "close")
                #expect(reply.body == #"{"error":"content_too_large","error_description":"The body is too large."}"#)
            }
        }
    }

    /// RFC 9112 section 8: what came of a request is not the request, however whole it looks. Nothing is done for it.
    @Test func aRequestThatBreaksOffIsNotServed() async throws {
        let store = InMemoryStore()
        let head = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        try await Harness.run(store: store, configure: { $0.limits = .impatient(idle: .seconds(60)) }) { server in
            for end in ["closes", "stalls", "XYZ\r\n"] {
                try await Wire.open(server.ports.main) { wire in
                    try await wire.send(Harness.request("GET", "/ping?") + head + "d\r\n{\"user_id\":1}\r\n")
                    if end == "closes" { wire.finish() } else if end != "stalls" { try await wire.send(end) }
                    #expect(try await wire.reply().status == 200)
                    let reply = try await wire.reply()
                    #expect(reply.status == (end == "stalls" ? 408 : 400) && reply["Connection"] == "close", "\(end)")
                    #expect(try await wire.rest().isEmpty)
                }
            }
        }
        // The server has ended, and with it whatever was still at work.
        let events = try await store.events(after: 0, limit: 100).map(\.event.name)
        #expect(!events.contains(.issued))
    }

    @Test func aBodyOnAGetIsDrained() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send("GET /ping HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
                try await wire.send("GET /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello" + Harness.request("GET", "/ping"))
                for _ in 0..<3 { #expect(try await wire.reply().body == "pong") }
            }
        }
    }

    @Test(arguments: [
        "GET /ping\r\n\r\n", "GET /ping HTTP/1.1\r\nHost localhost\r\n\r\n",
        "GET /ping HTTP/9.9\r\nHost: localhost\r\n\r\n",
    ])
    func whatIsNoHTTPIsRefusedInOurShape(_ text: String) async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(text)
                let reply = try await wire.reply()
                #expect(reply.status == 400 && reply.member("error") == "invalid_request" && reply["Connection"] == "close")
                #expect(try await wire.rest().isEmpty)
            }
        }
    }

    /// The codec knows the registered methods, and stops at another one before it has seen the path.
    @Test(arguments: ["BREW /ping HTTP/1.1\r\nHost: localhost\r\n\r\n", "GARBAGE\r\n\r\n"])
    func aMethodThatNobodyKnowsIs405(_ text: String) async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(text)
                let reply = try await wire.reply()
                #expect(reply.status == 405 && reply.member("error") == "method_not_allowed" && reply["Connection"] == "close")
                #expect(reply["Allow"] == "DELETE, GET, HEAD, POST")
                #expect(try await wire.rest().isEmpty)
            }
        }
    }

    @Test func brokenBytesAfterAGoodRequestAreAnsweredSecond() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(Harness.request("GET", "/ping?") + "GET /ping HTTP/9.9\r\n\r\n")
                #expect(try await wire.reply().status == 200)
                #expect(try await wire.reply().status == 400)
                #expect(try await wire.rest().isEmpty)
            }
        }
    }

    @Test func headersBeyondTheBoundAre431() async throws {
        try await Harness.run { server in
            let long = Harness.request("GET", "/ping", ["X-Long: " + String(repeating: "x", count: 21_000)])
            let many = Harness.request("GET", "/ping", (0..<120).map { "X-\($0): y" })
            for text in [long, many] {
                let reply = try await Wire.ask(server.ports.main, text)
                #expect(reply.status == 431 && reply.member("error") == "request_header_fields_too_large")
            }
        }
    }

    @Test(arguments: [
        "GET /ping HTTP/1.1\r\n\r\n", "GET /ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /authenticate HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ])
    func aRequestNamesExactlyOneHost(_ text: String) async throws {
        try await Harness.run { server in
            let status = try await Wire.ask(server.ports.main, text).status
            #expect(status == 400)
        }
    }

    /// A client that never ends its request is cut off, and told.
    @Test func aSlowBodyIsTimedOut() async throws {
        try await Harness.run(configure: { $0.limits = .impatient(idle: .seconds(60)) }) { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send("POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
                let reply = try await wire.reply()
                #expect(reply.status == 408 && reply["Connection"] == "close")
            }
        }
    }

    /// A connection without requests, or with a head that never ends, is closed.
    @Test(arguments: ["", "GET /ping HT"]) func anIdleConnectionIsClosed(_ beginning: String) async throws {
        try await Harness.run(configure: { $0.limits = .impatient(idle: .milliseconds(200)) }) { server in
            try await Wire.open(server.ports.main) { wire in
                if !beginning.isEmpty { try await wire.send(beginning) }
                let rest = try await wire.rest()
                #expect(!rest.contains("200"))
            }
        }
    }

    @Test func aClosedHalfStillGetsItsAnswers() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(Harness.request("GET", "/ping") + Harness.request("GET", "/ping?"))
                wire.finish()
                #expect(try await wire.reply().body == "pong")
                #expect(try await wire.reply().body == "pong")
                #expect(try await wire.rest().isEmpty)
            }
        }
    }
}

extension Limits {
    /// Bounds in time that a test can wait for.
    static func impatient(idle: TimeAmount) -> Limits {
        var limits = Limits()
        limits.idleTimeout = idle
        limits.requestTimeout = .milliseconds(200)
        limits.timerStep = .milliseconds(50)
        return limits
    }
}
