import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import TokenCore
import TokenEngine

/// The plain route: reads a whole request, finds its endpoint, writes the answer. The same for every listener and every version of HTTP.
struct Responder: Sendable {
    let routes: Routes
    let limits: Limits
    let metrics: RequestMetrics
    let clock: any WallClock
    let logger: Logger
    /// Whose forwarded addresses are believed in the log.
    let trustedProxies: [AddressRange]
    /// Counts requests, to name them in the log.
    private static let sequence = Atomic<UInt64>(0)

    /// Answers one request. What it throws ends the connection.
    func respond(to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let began = ContinuousClock.now
        var logger = logger
        logger[metadataKey: "request"] = "\(Self.sequence.add(1, ordering: .relaxed).newValue)"
        let body = try await Self.body(of: request, limit: limits.bodyBytes)
        let (reply, route) = await reply(to: request, body: body, channel: channel, logger: logger)
        metrics.record(route: route, status: reply.status, took: ContinuousClock.now - began)
        log(reply, route, request, channel, logger)
        try await write(reply, head: request.method == .head, channel, writer)
    }

    private func reply(to request: Request, body: [UInt8]?, channel: any Channel, logger: Logger) async -> (Reply, route: String) {
        guard let body else {
            var reply = Reply.refusal(OAuthError(.contentTooLarge, "The body is too large."))
            reply.closes = true
            return (reply, "other")
        }
        let target = request.head.path ?? ""
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first.map(String.init) ?? ""
        let method = request.method
        switch routes.match(method, path) {
        case .nothing: return (.pathNotFound, "other")
        case .otherMethod(let known, let allow): return (.methodNotAllowed(allow: allow), known)
        case .endpoint(let endpoint, let parameter):
            let route = type(of: endpoint).path
            do throws(OAuthError) {
                guard let authority = request.head.authority, !request.headers.contains(where: { $0.name.canonicalName == "host" }) else {
                    throw OAuthError(.invalidRequest, "A request names exactly one host.")
                }
                let query = try Query(parts.count > 1 ? parts[1] : "")
                let incoming = Incoming(
                    method: method, path: path, query: query, authority: authority, fields: request.headers, body: body,
                    connection: .init(channel), logger: logger, parameter: parameter)
                return (try await endpoint.answer(incoming), route)
            } catch {
                return (.refusal(error), route)
            }
        }
    }

    /// The whole body; nil when it is, or says that it is, over the bound.
    private static func body(of request: Request, limit: Int) async throws -> [UInt8]? {
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), announced > limit { return nil }
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= limit else { return nil }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }

    /// The order of the fields is that of `PreparedReply`, so that both routes answer with the same bytes.
    private func write(_ reply: Reply, head: Bool, _ channel: any Channel, _ writer: consuming ResponseWriter) async throws {
        var fields = HTTPFields()
        fields[.date] = String(decoding: HTTPDate(clock.now()).bytes, as: UTF8.self)
        for field in reply.fields { if let name = HTTPField.Name(field.name) { fields.append(HTTPField(name: name, value: field.value)) } }
        fields[.contentLength] = String(reply.body.count)
        // Streams of HTTP/2 end by themselves, and a field about the connection is an error there (RFC 9113 section 8.2.2).
        if reply.closes, !channel.isStream { fields[.connection] = "close" }
        let response = HTTPResponse(status: .init(code: reply.status.code, reasonPhrase: reply.status.phrase), headerFields: fields)
        let body = head || reply.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: reply.body))
        try await writer.write(response: response, body: body)
    }

    private func log(_ reply: Reply, _ route: String, _ request: Request, _ channel: any Channel, _ logger: Logger) {
        let level: Logger.Level = reply.status.code >= 500 ? .warning : .debug
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "method": "\(request.method.rawValue.prefix(16))", "route": "\(route)", "status": "\(reply.status.code)",
            "client": "\(ClientAddress.of(channel.remoteAddress, request.headers, trusted: trustedProxies))",
        ]
        if let detail = reply.detail { metadata["detail"] = "\(detail)" }
        logger.log(level: level, "request answered", metadata: metadata)
    }
}
