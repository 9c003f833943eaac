#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Runs the command line of this process and ends it.
public func mintmark() async -> Never {
    exit(await Mintmark.execute(Array(CommandLine.arguments.dropFirst())))
}
