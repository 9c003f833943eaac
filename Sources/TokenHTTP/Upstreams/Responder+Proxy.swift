import HTTPTypes
import HummingbirdCore
import NIOCore
import TokenCore

extension Responder {
    /// Sends a request on to an API, and its answer back as it comes.
    func send(
        _ request: Request, on proxy: UpstreamProxy, _ writer: consuming ResponseWriter, _ channel: any Channel, since began: ContinuousClock.Instant
    ) async throws {
        let origin = Incoming.Origin(channel)
        let result: Result<UpstreamProxy.Answer, OAuthError>
        var isUnderWay = false
        do throws(OAuthError) {
            try proxy.share.enter(origin.id)
            isUnderWay = true
            result = .success(try await proxy.answer(request, from: origin))
        } catch { result = .failure(error) }
        // Until the answer has been taken, or cannot be.
        defer { if isUnderWay { proxy.share.leave(origin.id) } }
        switch result {
        case .failure(let error):
            var reply = Reply.refusal(error)
            // A body that nobody has read stands in the way of the next request.
            reply.closes = request.headers[.contentLength] != nil || request.headers.contains(.transferEncoding)
            metrics.record(route: UpstreamProxy.route, status: reply.status, took: ContinuousClock.now - began)
            try await write(reply, head: request.method == .head, channel, writer)
        case .success(let answer):
            metrics.record(route: UpstreamProxy.route, code: answer.response.status, took: ContinuousClock.now - began)
            try await write(answer, head: request.method == .head, until: began + proxy.limits.proxiedTime, writer)
        }
    }

    /// Why an answer is cut, which ends the connection: its caller must not take a part for the whole.
    private struct TookTooLong: Error {}

    private func write(
        _ answer: UpstreamProxy.Answer, head: Bool, until end: ContinuousClock.Instant, _ writer: consuming ResponseWriter
    ) async throws {
        let response = answer.response
        var fields = ProxyFields.incoming(response.headers, without: answer.token)
        let length = response.headers.filter { $0.name.lowercased() == "content-length" }.map(\.value)
        if length.count == 1, let length = length.first, Int(length) != nil { fields[.contentLength] = length }
        let hasBody = !head && response.status != 204 && response.status != 304
        let body = ResponseBody { writer in
            if hasBody {
                for try await piece in response.body {
                    guard .now < end else { throw TookTooLong() }
                    try await writer.write(piece)
                }
            }
            try await writer.finish(nil)
        }
        try await writer.write(response: HTTPResponse(status: Reply.passedOn(response.status), headerFields: fields), body: body)
    }
}
