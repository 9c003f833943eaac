import JOSE
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// Tokens that come as lines.
struct PoolImportTests {
    private func request(_ lines: String, type: String = "application/x-ndjson", pool: String = "default") -> String {
        "POST /pools/\(pool)/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\nContent-Length: \(lines.utf8.count)\r\n\r\n" + lines
    }

    @Test func linesAreTokensWithOrWithoutMetadata() async throws {
        try await Harness.run { server in
            let lines = "\"a\"\n\n{\"token\":\"b\",\"metadata\":{\"seat\":7}}\r\n\"a\"\n\"c\""
            let reply = try await Wire.ask(server.ports.main, request(lines))
            #expect(reply.status == 200 && reply.body == #"{"added":3,"known":1}"#)
            #expect(try await Wire.ask(server.ports.main, request(lines)).body == #"{"added":0,"known":4}"#)
            #expect(try await server.assign().token == "a")
            #expect(try await server.ask("POST", "/tokens/assign").body.contains(#""metadata":{"seat":7}"#))
        }
    }

    /// Far more than a body may be that is read whole; the connection serves on.
    @Test func anImportMayBeLong() async throws {
        try await Harness.run { server in
            let lines = (0..<9_500).map { "\"token-number-\($0)\"\n" }.joined()
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(request(lines))
                #expect(try await wire.reply().body == #"{"added":9500,"known":0}"#)
                try await wire.send(Harness.request("GET", "/ping"))
                #expect(try await wire.reply().body == "pong")
            }
        }
    }

    @Test func chunksMayEndAnywhere() async throws {
        try await Harness.run { server in
            try await Wire.open(server.ports.main) { wire in
                try await wire.send(
                    "POST /pools/default/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                for piece in ["\"ä", "b\"", "\n\"c\"\n\"", "d\""] { try await wire.send("\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n") }
                try await wire.send("0\r\n\r\n")
                #expect(try await wire.reply().body == #"{"added":3,"known":0}"#)
            }
            #expect(try await server.assign().token == "äb")
        }
    }

    @Test(arguments: [
        "x", "1", "[]", "{}", "\"\"", #"{"token":1}"#, #"{"token":"a","token":"b"}"#, #"{"token":"a","metadata":1}"#, "\"a\" \"b\"",
        #"{"token":"a","metadata":{"x":"\#(String(repeating: "y", count: 1_024))"}}"#, "\"\(String(repeating: "x", count: 4_097))\"",
        String(repeating: " ", count: 40_000) + "\"a\"",
    ]) func aBadLineEndsTheImportAndSaysHowFarItCame(_ line: String) async throws {
        try await Harness.run { server in
            let good = (0..<1_500).map { "\"good-\($0)\"\n" }.joined()
            let reply = try await Wire.ask(server.ports.main, request(good + line + "\n\"more\"\n"))
            #expect(reply.status == 400 && reply.error == "invalid_request")
            #expect(reply.json?["added"]?.integer == 1_000, "the thousand that was whole")
            #expect(try await server.count("tokens") == 1_000)
        }
    }

    @Test func whatHasNoRoomIs409AndTheThousandsBeforeItStay() async throws {
        try await Harness.run(pool: PoolPolicy(mostTokens: 1_200)) { server in
            let reply = try await Wire.ask(server.ports.main, request((0..<2_000).map { "\"t\($0)\"\n" }.joined()))
            #expect(reply.status == 409 && reply.error == "pool_full" && reply.json?["added"]?.integer == 1_000)
            #expect(try await server.count("tokens") == 1_000)
        }
    }

    @Test func otherTypesAndPoolsAreRefusedAndTheConnectionEnds() async throws {
        try await Harness.run { server in
            for (text, status) in [
                (request("\"a\"", type: "application/json"), 400), (request("\"a\"", type: "text/plain"), 400),
                (request("\"a\"", pool: "none"), 404),
            ] {
                let reply = try await Wire.ask(server.ports.main, text)
                #expect(reply.status == status)
            }
            let unread = try await Wire.ask(server.ports.main, request(String(repeating: "x", count: 100_000), type: "text/plain"))
            #expect(unread["Connection"] == "close", "what nobody read cannot be a request")
            #expect(try await server.count("tokens") == 0)
        }
    }

    @Test func aPieceIsNeverMoreThanOneVerbTakes() throws {
        var lines = ImportLines()
        try lines.append((0..<2_500).map { "\"\($0)\"\n" }.joined().utf8)
        #expect(lines.takePiece()?.count == 1_000 && lines.takePiece()?.count == 1_000)
        #expect(lines.takePiece() == nil)
        #expect(lines.takePiece(rest: true)?.count == 500 && lines.takePiece(rest: true) == nil)
    }
}
