import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import TokenCore
import TokenEngine

/// Finds the endpoint of a request, counts and logs its answer: the same for every listener, every version of HTTP and both ways of reading.
///
/// Also the plain route, which reads a request as a stream of parts and writes the answer as one.
struct Responder: Sendable {
    let routes: Routes
    let limits: Limits
    let metrics: RequestMetrics
    let clock: any WallClock
    let logger: Logger
    /// Whose forwarded addresses are believed in the log.
    let trustedProxies: [AddressRange]
    /// Sends requests on, where an upstream has a reverse proxy.
    var proxy: UpstreamProxy?
    /// Counts the requests that are logged, to name them there.
    private static let sequence = Atomic<UInt64>(0)

    /// Answers one request of the plain route. What it throws ends the connection.
    func respond(to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let began = ContinuousClock.now
        if let proxy, ProxyTarget.isOne(request.head.path ?? "") {
            return try await send(request, on: proxy, writer, channel, since: began)
        }
        // A Host beside an authority is a second host.
        let isAmbiguous = request.headers.contains { $0.name.canonicalName == "host" }
        let target = request.head.path ?? ""
        let stream = routes.streams(request.method, target) ? BodyStream(request.body) : nil
        var reply = await answer(
            to: WholeRequest(
                method: request.method, target: target, authority: isAmbiguous ? nil : request.head.authority, fields: request.headers,
                body: stream == nil ? try await Self.body(of: request, limit: limits.bodyBytes) : [], stream: stream, connection: .init(channel)),
            since: began)
        if let stream, !stream.isAtEnd { reply.closes = true }
        try await write(reply, head: request.method == .head, channel, writer)
    }

    /// The answer to a request, counted and logged.
    func answer(to request: WholeRequest, since began: ContinuousClock.Instant) async -> Reply {
        let (reply, route) = await reply(to: request)
        metrics.record(route: route, status: reply.status, took: ContinuousClock.now - began)
        log(reply, route, request)
        return reply
    }

    private func reply(to request: WholeRequest) async -> (Reply, route: String) {
        guard let body = request.body else {
            var reply = Reply.refusal(OAuthError(.contentTooLarge, "The body is too large."))
            reply.closes = true
            return (reply, RequestMetrics.otherRoute)
        }
        let (path, search) = request.pathAndQuery
        switch routes.match(request.method, path) {
        case .nothing: return (.pathNotFound, RequestMetrics.otherRoute)
        case .otherMethod(let known, let allow): return (.methodNotAllowed(allow: allow), known)
        case .endpoint(let endpoint, let parameter):
            let route = type(of: endpoint).path
            do throws(OAuthError) {
                guard let authority = request.authority else { throw OAuthError(.invalidRequest, "A request names exactly one host.") }
                let incoming = Incoming(
                    method: request.method, path: path, query: try Query(search), authority: authority, fields: request.fields, body: body,
                    stream: request.stream, connection: request.connection, parameter: parameter)
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
    func write(_ reply: Reply, head: Bool, _ channel: any Channel, _ writer: consuming ResponseWriter) async throws {
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

    private func log(_ reply: Reply, _ route: String, _ request: WholeRequest) {
        let level: Logger.Level = reply.status.code >= 500 ? .warning : .debug
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "request": "\(Self.sequence.add(1, ordering: .relaxed).newValue)", "method": "\(request.method.rawValue.prefix(16))",
            "route": "\(route)", "status": "\(reply.status.code)",
            "client": "\(ClientAddress.of(request.connection.peer, request.fields, trusted: trustedProxies))",
        ]
        if let detail = reply.detail { metadata["detail"] = "\(detail)" }
        logger.log(level: level, "request answered", metadata: metadata)
    }
}
