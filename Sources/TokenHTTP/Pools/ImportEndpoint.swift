import HTTPTypes
import JOSE
import NIOCore
import TokenCore
import TokenEngine

/// `POST /pools/{name}/import`: puts in tokens that exist elsewhere, one a line (application/x-ndjson): `"value"`, or
/// `{"token":"value","metadata":{…}}`. What is there already stays as it is, so that an import may be repeated.
///
/// The lines are put in as they come, a thousand at a time, each thousand whole or not at all; when one cannot be, the answer says how many lines
/// before it were taken.
struct ImportEndpoint: PoolEndpoint, StreamedEndpoint {
    static let method = HTTPRequest.Method.post
    static let path = "/pools/{name}/import"
    static let need = PoolAccess.manage
    let room: PoolRoom

    func answer(_ request: Incoming, pool: PoolName, holder: PoolHolder) async throws(OAuthError) -> Reply {
        guard request.fields.isNDJSON else { throw OAuthError(.invalidRequest, "The body must be application/x-ndjson.") }
        guard let stream = request.stream else { throw OAuthError(.serverError, "The body was not kept.") }
        var lines = ImportLines()
        var progress = ImportProgress()
        do throws(OAuthError) {
            try await stream.read { bytes throws(OAuthError) in
                try lines.append(bytes)
                while let tokens = lines.takePiece() { try await put(tokens, request, pool, &progress) }
            }
            try lines.finish()
            while let tokens = lines.takePiece(rest: true) { try await put(tokens, request, pool, &progress) }
        } catch {
            return .importBroken(error, progress)
        }
        return .imported(progress)
    }

    private func put(
        _ tokens: [ImportedToken], _ request: Incoming, _ pool: PoolName, _ progress: inout ImportProgress
    ) async throws(OAuthError) {
        progress.added += try await room.run(request) { () throws(OAuthError) in try await room.pools.add(tokens, to: pool) }
        progress.lines += tokens.count
    }
}

/// How far an import has come.
struct ImportProgress: Sendable {
    /// Tokens that were not there.
    var added = 0
    /// Tokens that were read and are there now.
    var lines = 0
}

/// The lines of an import, taken apart as they come. Holds no more than one piece and one line.
struct ImportLines {
    /// The longest line: a value and metadata of the most bytes, every byte as an escape of six.
    static let longestLine = (TokenPools.longestValue + 1_024) * 6 + 64
    private static let mostMetadata = 1_024

    private var line: [UInt8] = []
    private var tokens: [ImportedToken] = []

    /// Takes bytes as they came.
    ///
    /// - Throws: `invalid_request` for a line that is none.
    mutating func append(_ bytes: some Sequence<UInt8>) throws(OAuthError) {
        for byte in bytes {
            guard byte != UInt8(ascii: "\n") else {
                try finish()
                continue
            }
            line.append(byte)
            guard line.count <= Self.longestLine else { throw OAuthError(.invalidRequest, "A line is too long.") }
        }
    }

    /// The last line may lack its end.
    mutating func finish() throws(OAuthError) {
        defer { line.removeAll(keepingCapacity: true) }
        guard line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }) else { return }
        tokens.append(try Self.token(of: line))
    }

    /// As many as one verb takes; fewer only when `rest` asks for what is left.
    mutating func takePiece(rest: Bool = false) -> [ImportedToken]? {
        guard tokens.count >= PoolVerb.mostAdded || rest && !tokens.isEmpty else { return nil }
        defer { tokens.removeFirst(min(PoolVerb.mostAdded, tokens.count)) }
        return Array(tokens.prefix(PoolVerb.mostAdded))
    }

    private static func token(of line: [UInt8]) throws(OAuthError) -> ImportedToken {
        let value: JSONValue
        do { value = try JSONValue(parsing: line) } catch {
            throw OAuthError(.invalidRequest, "A line is not well-formed JSON, or names a member twice.", detail: "\(error)")
        }
        guard let text = value.string ?? value.object?["token"]?.string, (1...TokenPools.longestValue).contains(text.utf8.count) else {
            throw OAuthError(.invalidRequest, "A line must be a token of 1 to 4096 bytes, or an object with one.")
        }
        return ImportedToken(value: Secret(Array(text.utf8)), metadata: try metadata(of: value.object))
    }

    private static func metadata(of object: JSONObject?) throws(OAuthError) -> [UInt8] {
        guard let value = object?["metadata"] else { return [] }
        guard value.object != nil, case let bytes = value.serialized, bytes.count <= mostMetadata else {
            throw OAuthError(.invalidRequest, "The metadata of a token is an object of at most 1024 bytes.")
        }
        return bytes
    }
}

extension HTTPFields {
    /// Whether the one content type is that of lines of JSON.
    fileprivate var isNDJSON: Bool {
        let types = self[values: .contentType]
        guard types.count == 1, let name = types[0].split(separator: ";").first else { return false }
        return String(name.trimmingBlanks).isField("application/x-ndjson")
    }
}
