import NIOCore
import Synchronization

/// A Lua script that is sent once to each server and called by its digest afterwards.
///
/// The digest is the server's own: nothing is hashed here. A server that has forgotten the script is taught again within the call.
public struct ValkeyScript: Sendable, Hashable {
    /// The text.
    public let source: String
    /// SHA-1 of the text, in hexadecimal, as SCRIPT LOAD answered.
    public let digest: String

    /// Sends the script to a server of the client, which answers with its digest.
    ///
    /// - Throws: also where the script does not compile.
    public init(_ source: String, loadingInto client: some ValkeyClientProtocol) async throws(ValkeyClientError) {
        self.source = source
        digest = try await client.execute(SCRIPT.LOAD(script: source))
    }

    /// - Parameter digest: what SCRIPT LOAD answered for it.
    public init(_ source: String, digest: String) {
        self.source = source
        self.digest = digest
    }

    /// One call of the script.
    ///
    /// - Parameters:
    ///   - keys: every key that it touches; in a cluster all of one slot.
    ///   - isRepeatable: whether two runs do what one does.
    public func callAsFunction(keys: [ValkeyKey], arguments: [ValkeyKey] = [], isReadOnly: Bool = false, isRepeatable: Bool = false) -> Call {
        Call(script: self, keysAffected: keys, arguments: arguments, isReadOnly: isReadOnly, isRepeatable: isRepeatable || isReadOnly)
    }

    /// One call of a script.
    public struct Call {
        /// The script.
        public let script: ValkeyScript
        /// `KEYS`
        public let keysAffected: [ValkeyKey]
        /// `ARGV`: any bytes.
        public let arguments: [ValkeyKey]
        /// True: EVALSHA_RO, which refuses scripts that write.
        public let isReadOnly: Bool
        /// Whether two runs do what one does.
        public let isRepeatable: Bool
    }
}

extension ValkeyScript.Call: TeachableCommand {
    public static var name: String { "EVALSHA" }
    public func encode(into encoder: inout ValkeyCommandEncoder) {
        let (keys, arguments) = (keysAffected, arguments)
        let bytes = keys.reduce(64) { $0 + $1.bytes.readableBytes } + arguments.reduce(0) { $0 + $1.bytes.readableBytes }
        encoder.beginArray(3 + keys.count + arguments.count, bytes: bytes)
        encoder.encodeBulkString(isReadOnly ? "EVALSHA_RO" : "EVALSHA")
        encoder.encodeBulkString(script.digest)
        encoder.encodeBulkString(String(keys.count))
        for key in keys { encoder.encodeBulkString(key.bytes) }
        for argument in arguments { encoder.encodeBulkString(argument.bytes) }
    }
    var lesson: ByteBuffer {
        var encoder = ValkeyCommandEncoder()
        SCRIPT.LOAD(script: script.source).encode(into: &encoder)
        return encoder.buffer
    }
}
