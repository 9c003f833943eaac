import TokenClient
import TokenCore

/// What one event loop knows of upstreams: who has proved who it is, and the answer that is right for this second. Confined to its loop.
///
/// Nothing is answered from here that could be over: whether a token's time has come and whether somebody has rejected it is asked of its manager on
/// every request, which costs two words that all cores may read at once.
struct UpstreamDesk {
    /// A client that proved who it is, on this loop.
    private struct KnownClient {
        let identity: UpstreamIdentity
        let id: ClientID
        let until: UnixTime
    }

    /// What a caller asks for, and who it is.
    private struct Question: Hashable {
        let target: String
        let identity: UpstreamIdentity
    }

    /// The answer with one token, while its `expires_in` is right.
    private struct Answer {
        let manager: TokenManager
        let number: UInt64
        let from: UnixTime
        let until: UnixTime
        let reply: PreparedReply
    }

    /// How long a client's proof is remembered: less than a deleted client stands in the view of what is revoked, and not so long that one whose
    /// secret was taken back keeps its place.
    static let memory = Duration.seconds(10)
    /// How many clients are remembered: more than a loop has busy connections. Beyond it all of them prove it again.
    static let mostClients = 4_096

    private let upstreams: Upstreams
    private let tags: UpstreamTags
    /// The rule behind `loopback`.
    let local: LocalCaller
    /// By the Authorization field, which is the one thing that is sent.
    private var clients: [String: KnownClient] = [:]
    /// Only for questions that have an answer: whoever asks in vain fills nothing.
    private var answers: [Question: Answer] = [:]

    init(_ upstreams: Upstreams, tags: UpstreamTags, local: LocalCaller) {
        self.upstreams = upstreams
        self.tags = tags
        self.local = local
    }

    /// A client has proved who it is, by this field.
    mutating func remember(_ identity: UpstreamIdentity, id: ClientID, authorization: String, now: UnixTime) {
        if clients.count >= Self.mostClients { clients.removeAll(keepingCapacity: true) }
        clients[authorization] = KnownClient(identity: identity, id: id, until: now + Self.memory)
    }

    /// Who sent this field; nil when it has to be asked again.
    mutating func identity(_ authorization: String, view: RevocationView, now: UnixTime) -> UpstreamIdentity? {
        guard let known = clients[authorization] else { return nil }
        if now < known.until, !view.isDeleted(known.id) { return known.identity }
        clients[authorization] = nil
        return nil
    }

    /// The answer for a caller, if its token is there.
    ///
    /// - Parameter target: the path, `/upstreams/{name}/token`.
    mutating func answer(_ target: String, for identity: UpstreamIdentity, now: UnixTime) -> PreparedReply? {
        let question = Question(target: target, identity: identity)
        if let answer = answers[question] {
            guard let token = answer.manager.ready() else { return nil }
            if answer.number == token.number, answer.from <= now, now < answer.until { return answer.reply }
            return prepare(token, answer.manager, question, now)
        }
        let name = String(Substring(target.utf8.dropFirst(Self.prefixLength).dropLast(Self.suffixLength)))
        guard let place = upstreams.place(of: name), !upstreams.all[place].isBound,
            let manager = upstreams.all[place].manager(for: identity)?.manager,
            let token = manager.ready()
        else { return nil }
        return prepare(token, manager, question, now)
    }

    /// `expires_in` counts whole seconds: the answer is right until the next one has passed.
    private mutating func prepare(_ token: AccessToken, _ manager: TokenManager, _ question: Question, _ now: UnixTime) -> PreparedReply {
        let left = token.timeLeft
        let reply = PreparedReply(.upstreamToken(token, tag: tags.tag(of: token, from: manager)))
        let rest = left.map { max(1, $0.wholeMilliseconds % 1000) } ?? 60_000
        if answers.count >= Self.mostClients { answers.removeAll(keepingCapacity: true) }
        answers[question] = Answer(manager: manager, number: token.number, from: now, until: now + .milliseconds(rest), reply: reply)
        return reply
    }

    private static let prefixLength = "/upstreams/".utf8.count
    private static let suffixLength = "/token".utf8.count
}
