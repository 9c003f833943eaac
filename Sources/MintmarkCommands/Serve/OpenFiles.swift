import Logging
import TokenHTTP

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How many files and connections the process may have open.
enum OpenFiles {
    /// What the server needs beside its connections: listeners, the store's files, event loops, logs.
    private static let others = 256
    /// More than this is never asked for: some systems make tables of the limit's size.
    private static let most = 65_536

    /// Raises the limit as far as the system lets us. Says so when the connections that the server takes do not fit: beyond the limit they
    /// would wait unseen.
    static func raiseLimit(_ logger: Logger, for connections: Int = Limits().connections) {
        let needed = UInt64(connections + others)
        guard let limit = raise(to: UInt64(most)), limit < needed else { return }
        logger.warning(
            "the limit of open files is below what the server's connections may need; raise it: LimitNOFILE= in a unit, or ulimit -n",
            metadata: ["limit": "\(limit)", "needed": "\(needed)"])
    }

    /// Raises the soft limit, at most to the hard one; nil when the system does not tell.
    private static func raise(to wanted: UInt64) -> UInt64? {
        var limit = rlimit()
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return nil }
        let target = min(UInt64(limit.rlim_max), wanted)
        guard UInt64(limit.rlim_cur) < target else { return UInt64(limit.rlim_cur) }
        var raised = limit
        raised.rlim_cur = rlim_t(target)
        return setrlimit(resource, &raised) == 0 ? target : UInt64(limit.rlim_cur)
    }
}
