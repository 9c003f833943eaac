#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The file of `events.file`, before there is a server that writes it.
enum EventsFile {
    /// Whether events could be appended to it now, without making it.
    ///
    /// - Throws: the end of a sentence that begins with the path.
    static func check(_ path: String) throws(InvalidValue) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw failure("cannot be reached") }
            let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            guard access(folder, W_OK | X_OK) == 0 else { throw failure("cannot be made") }
            return
        }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw InvalidValue("is a folder") }
        guard access(path, W_OK) == 0 else { throw failure("cannot be written") }
    }

    /// Makes it, mode 0600, if it is not there, and opens it for a moment: what a disk refuses is known before the first event.
    ///
    /// - Throws: as `check(_:)`.
    static func open(_ path: String) throws(InvalidValue) {
        try check(path)
        // A pipe without a reader must not hold the start up.
        let file = systemOpen(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard file >= 0 || errno == ENXIO else { throw failure("cannot be opened") }
        if file >= 0 { close(file) }
    }

    private static func failure(_ what: String) -> InvalidValue { InvalidValue("\(what): \(String(cString: strerror(errno)))") }
}

/// `open` of the C library, whose name the method above has too.
private func systemOpen(_ path: String, _ flags: CInt, _ mode: mode_t) -> CInt { open(path, flags, mode) }
