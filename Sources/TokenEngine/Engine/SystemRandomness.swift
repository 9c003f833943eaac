import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Chance from the operating system: what secrets, salts and names are drawn from.
public enum SystemRandomness {
    /// The most that the system gives in one call, which it then never cuts short (getrandom(2), getentropy(3)).
    public static let most = 256

    /// Bytes that nobody can guess, in one system call: a word at a time is a call for each.
    ///
    /// - Parameter count: 1 ... `most`.
    public static func bytes(_ count: Int) -> [UInt8] {
        precondition((1...most).contains(count), "the system gives at most \(most) bytes at once")
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            #if canImport(Darwin)
            arc4random_buf(buffer.baseAddress, count)
            #else
            // It can only fail where the system has no such call or no source of chance: nothing can be issued there.
            precondition(getentropy(buffer.baseAddress, count) == 0, "the system gives no random bytes")
            #endif
            filled = count
        }
    }
}

extension Randomness {
    /// What one request needs, from the system's generator.
    static func draw() -> Randomness {
        let bytes = SystemRandomness.bytes(40)
        let session = bytes[16..<24].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Randomness(salt: Array(bytes[..<16]), session: session, tokenID: Array(bytes[24...]))
    }
}
