import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// One request on a connection of its own to one address.
struct Connection {
    let request: FetchRequest
    let address: IPAddress

    func run(limit: Int, deadline: NIODeadline) async throws(TransportError) -> FetchResponse {
        var outgoing = outgoing
        outgoing.tlsConfiguration = try request.tls?.configuration()
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let answer = try await client.execute(outgoing, deadline: deadline)
            let body = try await collect(answer.body, limit: limit, deadline: deadline)
            try await client.shutdown()
            return FetchResponse(status: Int(answer.status.code), headers: first(answer.headers), body: body, url: request.url)
        } catch {
            try? await client.shutdown()
            throw translate(error, limit: limit)
        }
    }

    private var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.dnsOverride = [request.url.host: "\(address)"]
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }

    private var outgoing: HTTPClientRequest {
        var outgoing = HTTPClientRequest(url: "\(request.url)")
        outgoing.method = HTTPMethod(rawValue: request.method)
        for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
        if let body = request.body { outgoing.body = .bytes(body) }
        return outgoing
    }

    /// The client's deadline ends with the head; a body that trickles must meet it too.
    private func collect(_ body: HTTPClientResponse.Body, limit: Int, deadline: NIODeadline) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { [UInt8](buffer: try await body.collect(upTo: limit)) }
            group.addTask {
                try await Task.sleep(for: Duration(deadline - .now()))
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    private func first(_ headers: HTTPHeaders) -> [String: String] {
        Dictionary(headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private func translate(_ error: any Error, limit: Int) -> TransportError {
        if error is NIOTooManyBytesError { return .tooLarge(limit: limit) }
        let host = request.url.host
        switch error as? HTTPClientError {
        case .deadlineExceeded?, .connectTimeout?, .readTimeout?: return .deadline(host: host)
        default: return .unreachable(host: host, detail: Self.sentence(error))
        }
    }

    /// What the system said, where it was the system; SwiftNIO's own words for it are for programmers.
    private static func sentence(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode)) + "."
        case let error as NIOConnectionError: error.connectionErrors.first.map { sentence($0.error) } ?? "\(error)."
        default: "\(error)"
        }
    }
}
