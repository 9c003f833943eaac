import JOSE
import NIOCore
import NIOHTTP1
import Testing
import TokenCore
import TokenEngine

@testable import TokenHTTP

/// However the bytes of many requests arrive, the answers come in the order of the requests, and are those of each request alone.
@Suite(.timeLimit(.minutes(10))) struct PieceTests {
    /// Requests of every way to an answer, in two pieces that the server reads one after the other: cut at every byte, and in tokens, where all bytes
    /// are alike, at every sixteenth.
    @Test func pipelinedRequestsAreAnsweredInOrderHoweverTheyAreCut() async throws {
        try await Harness.run { server in
            var burst = try await Burst(server)
            try await PieceWire.open(server) { wire in
                var cut = 0
                while cut < burst.bytes.count {
                    let answers = try await burst.exchange(wire: &wire, cut: cut, waiting: cut.isMultiple(of: 2))
                    #expect(Order.fault(answers, burst.expected) == nil, "cut at \(cut)")
                    try burst.renew()
                    repeat { cut += 1 } while cut < burst.bytes.count && cut % 16 != 0 && burst.isInToken(cut)
                }
            }
        }
    }

    /// The test above notices a lane that answers one request while another is unanswered.
    @Test func aLaneThatOvertakesIsNoticed() async throws {
        try await Harness.run { server in
            var burst = try await Burst(server)
            try await PieceWire.open(server, fault: { OvertakingLane() }) { wire in
                for cut in [0, burst.bytes.count - 1] {
                    let answers = try await burst.exchange(wire: &wire, cut: cut, waiting: false)
                    #expect(answers.sorted() == burst.expected.sorted(), "every answer is right")
                    // The claims may still have been unanswered too, when the event loop did not know their token yet.
                    let fault = try #require(Order.fault(answers, burst.expected), "a ping has overtaken the login")
                    #expect(fault <= burst.login)
                    try burst.renew()
                }
            }
        }
    }

    /// The checker notices what is missing and what is wrong, too.
    @Test func theCheckerNoticesMissingAndOtherAnswers() {
        let expected = ["a", "b", "c"]
        #expect(Order.fault(["a", "b", "c"], expected) == nil)
        #expect(Order.fault(["a", "b"], expected) == 2)
        #expect(Order.fault(["a", "b", "d"], expected) == 2)
        #expect(Order.fault(["a", "b", "c", "d"], expected) == 3)
    }
}

/// Finds the first answer that is not the one expected in its place.
private enum Order {
    /// The index; nil when all are right.
    static func fault(_ answers: [String], _ expected: [String]) -> Int? {
        for index in 0..<max(answers.count, expected.count) {
            guard index < answers.count, index < expected.count, answers[index] == expected[index] else { return index }
        }
        return nil
    }
}

/// Requests for one connection: some that the event loop answers, some short, some of the plain route. Each can be made again, with the refresh
/// token and the access token that the login in the one before has brought and that nobody has shown yet.
private struct Burst {
    /// What the answers must be: an answer without its date, or whose pair it brings.
    private(set) var expected: [String] = []
    /// All requests.
    private(set) var bytes: [UInt8] = []
    /// The place of the login.
    let login = 2
    private var requests: [String] = []
    private var fresh: (access: String, refresh: String, session: String)
    /// What the login of the last exchange has brought.
    private var next: (access: String, refresh: String, session: String)?
    private let known: String
    /// The answers of requests that are the same each time, by request.
    private var fixed: [String: String] = [:]
    /// The fields of an answer with claims.
    private let head: String

    private static let ping = Harness.request("GET", "/ping")
    private static let aPair = "a pair of a new session"

    init(_ server: Harness) async throws {
        fresh = try await server.login(#"{"user_id":2}"#)
        known = Harness.request("GET", "/authenticate", [Harness.bearer(try await server.login().access)])
        for request in [
            Self.ping, known, Harness.request("GET", "/nowhere"), Harness.request("HEAD", "/ping"),
            Harness.request("POST", "/refresh", body: #"{"refresh":"made-up"}"#),
        ] { fixed[request] = try await Wire.ask(server.ports.main, request).withoutDate }
        let claims = try #require(fixed[known])
        head = String(claims[..<(try #require(claims.firstRange(of: "\r\n\r\n")).upperBound)])
        try make()
    }

    private mutating func make() throws {
        let unknown = Harness.request("GET", "/authenticate", [Harness.bearer(fresh.access)])
        let granted = Harness.request("POST", "/refresh", body: #"{"refresh":"\#(fresh.refresh)"}"#)
        let madeUp = Harness.request("POST", "/refresh", body: #"{"refresh":"made-up"}"#)
        requests = [
            Self.ping, known, Harness.request("POST", "/login", body: #"{"user_id":2}"#), Self.ping, granted, unknown, Self.ping,
            Harness.request("GET", "/nowhere"), madeUp,
            // Last, because where this answer ends can be told by its place alone.
            Harness.request("HEAD", "/ping"),
        ]
        let claims = String(decoding: try JWS(parsing: Array(fresh.access.utf8)).payload, as: UTF8.self)
        var told = fixed
        told[requests[login]] = Self.aPair
        told[granted] = "a pair of \(fresh.session)"
        told[unknown] = head + claims
        expected = try requests.map { try #require(told[$0]) }
        bytes = Array(requests.joined().utf8)
    }

    /// Made anew from the login in the last exchange.
    mutating func renew() throws {
        fresh = try #require(next, "the login was answered")
        next = nil
        try make()
    }

    /// Whether the bytes around are those of a token.
    func isInToken(_ index: Int) -> Bool {
        guard (24..<bytes.count - 24).contains(index) else { return false }
        return bytes[index - 24...index + 24].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
    }

    /// Sends everything in two pieces and says what the answers were.
    ///
    /// - Parameter waiting: whether the second piece is sent when all that the first has asked is answered.
    mutating func exchange(wire: inout PieceWire, cut: Int, waiting: Bool) async throws -> [String] {
        var replies: [WireReply] = []
        var length = 0
        if cut > 0 { try await wire.send(bytes[..<cut]) }
        for request in requests {
            length += request.utf8.count
            guard waiting, length <= cut else { break }
            replies.append(try await wire.reply(toHead: request.hasPrefix("HEAD ")))
        }
        try await wire.send(bytes[cut...])
        for request in requests[replies.count...] { replies.append(try await wire.reply(toHead: request.hasPrefix("HEAD "))) }
        return replies.map { tell($0) }
    }

    private mutating func tell(_ reply: WireReply) -> String {
        guard let access = reply.member("access"), let refresh = reply.member("refresh"), let session = reply.member("session_id") else {
            return reply.withoutDate
        }
        guard session != fresh.session else { return "a pair of \(session)" }
        next = (access, refresh, session)
        return Self.aPair
    }
}

/// A lane that answers a ping when it arrives, whatever is unanswered.
private final class OvertakingLane: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var isMine = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head) where head.method == .GET && head.uri == "/ping": isMine = true
        case .end where isMine:
            isMine = false
            var pong = ByteBuffer()
            PreparedReplies().pong.write(to: &pong, date: HTTPDate(.epoch))
            try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self).writeAndFlush(NIOAny(pong), promise: nil)
        default: context.fireChannelRead(data)
        }
    }
}
