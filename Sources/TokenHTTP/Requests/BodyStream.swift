import HummingbirdCore
import NIOCore
import Synchronization
import TokenCore

/// A body that is not read whole: it comes piece by piece, and no further piece is read before the last one was dealt with.
final class BodyStream: Sendable {
    private let body: RequestBody
    private let end = Mutex(false)

    init(_ body: RequestBody) { self.body = body }

    /// Whether all of it was read: only then can the connection be used again.
    var isAtEnd: Bool { end.withLock { $0 } }

    /// Reads it, once.
    ///
    /// - Throws: what `take` throws; `invalid_request` when the connection broke off.
    func read(_ take: (ByteBufferView) async throws(OAuthError) -> Void) async throws(OAuthError) {
        var pieces = body.makeAsyncIterator()
        while let piece = try await Self.next(&pieces) { try await take(piece.readableBytesView) }
        end.withLock { $0 = true }
    }

    private static func next(_ pieces: inout RequestBody.AsyncIterator) async throws(OAuthError) -> ByteBuffer? {
        do { return try await pieces.next() } catch { throw OAuthError(.invalidRequest, "The body broke off.", detail: "\(error)") }
    }
}

/// An endpoint whose body is too long to be read whole.
protocol StreamedEndpoint: Endpoint {}

extension Guarded: StreamedEndpoint where Verb: StreamedEndpoint {}
extension LocalEndpoint: StreamedEndpoint where Inner: StreamedEndpoint {}
