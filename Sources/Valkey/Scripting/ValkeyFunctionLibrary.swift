import NIOCore

/// A library of functions, sent to servers that do not have it yet.
///
/// A library of the same name is replaced when a function is missing, so that a new version may add functions; where a new version changes what a
/// function does, its name must change too.
public struct ValkeyFunctionLibrary: Sendable, Hashable {
    /// The text, whose first line is `#!lua name=…`.
    public let source: String

    /// - Parameter source: its first line is `#!lua name=…`.
    public init(_ source: String) { self.source = source }

    /// One call of a function.
    ///
    /// - Parameters:
    ///   - name: as the library registers it.
    ///   - keys: every key that it touches; in a cluster all of one slot.
    ///   - isRepeatable: whether two runs do what one does.
    public func call(
        _ name: String, keys: [ValkeyKey], arguments: [ValkeyKey] = [], isReadOnly: Bool = false, isRepeatable: Bool = false
    ) -> Call {
        Call(
            library: self, function: name, keysAffected: keys, arguments: arguments, isReadOnly: isReadOnly,
            isRepeatable: isRepeatable || isReadOnly)
    }

    /// One call of a function.
    public struct Call {
        /// Where the function is.
        public let library: ValkeyFunctionLibrary
        /// As the library registers it.
        public let function: String
        /// Its keys.
        public let keysAffected: [ValkeyKey]
        /// Its other arguments: any bytes.
        public let arguments: [ValkeyKey]
        /// True: FCALL_RO, which refuses functions that write.
        public let isReadOnly: Bool
        /// Whether two runs do what one does.
        public let isRepeatable: Bool
    }
}

extension ValkeyFunctionLibrary.Call: TeachableCommand {
    public static var name: String { "FCALL" }
    public func encode(into encoder: inout ValkeyCommandEncoder) {
        encoder.encodeArray(isReadOnly ? "FCALL_RO" : "FCALL", function, keysAffected.count, keysAffected, arguments)
    }
    var lesson: ByteBuffer {
        var encoder = ValkeyCommandEncoder()
        FUNCTION.LOAD(replace: true, functionCode: library.source).encode(into: &encoder)
        return encoder.buffer
    }
}
