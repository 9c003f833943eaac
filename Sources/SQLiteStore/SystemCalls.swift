import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The few calls to the operating system that SQLite does not make for us.
enum SystemCalls {
    /// What `errno` says, as the reason why something is unavailable.
    static func failure(_ what: String) -> StoreError {
        .unavailable("\(what): \(String(cString: strerror(errno)))")
    }

    /// Makes a folder 0700, with those above it, unless it is there.
    ///
    /// - Parameter owner: whose what was made is; nil for this process's user.
    static func makeFolder(_ path: String, for owner: FileOwner? = nil) throws(StoreError) {
        guard mkdir(path, 0o700) != 0 else { return try give(path, to: owner) }
        guard errno != EEXIST else { return }
        guard errno == ENOENT, let parent = parent(of: path) else { throw failure("cannot make the folder \(path)") }
        try makeFolder(parent, for: owner)
        if mkdir(path, 0o700) == 0 {
            try give(path, to: owner)
        } else if errno != EEXIST {
            throw failure("cannot make the folder \(path)")
        }
        try syncFolder(parent)
    }

    /// Gives the owner a file or folder that this process has made.
    static func give(_ path: String, to owner: FileOwner?) throws(StoreError) {
        guard let owner else { return }
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open \(path)") }
        defer { close(descriptor) }
        guard owner.take(descriptor) else { throw failure("cannot give \(path) to its owner") }
    }

    /// Makes an empty file 0600, unless it is there, and its name durable.
    static func makeFile(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot make \(path)") }
        close(descriptor)
        if let parent = parent(of: path) { try syncFolder(parent) }
    }

    /// Makes an empty file 0600 under a name that nothing has, not even a link that leads nowhere.
    static func makeNewFile(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot make \(path)") }
        close(descriptor)
    }

    /// Makes what was created, renamed or removed in a folder durable.
    static func syncFolder(_ path: String) throws(StoreError) { try sync(path, flags: O_RDONLY | O_DIRECTORY) }

    /// Makes a file's bytes durable.
    static func syncFile(_ path: String) throws(StoreError) { try sync(path, flags: O_RDONLY) }

    /// Gives a file another name, atomically, in place of what has that name; durable when it returns.
    static func move(_ path: String, to target: String) throws(StoreError) {
        guard rename(path, target) == 0 else { throw failure("cannot move \(path) to \(target)") }
        try syncFolder(parent(of: target) ?? ".")
    }

    /// Removes a file if it is there.
    static func remove(_ path: String) throws(StoreError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove \(path)") }
    }

    /// Removes a folder and the files in it, if it is there.
    static func removeFolder(_ path: String) throws(StoreError) {
        guard let folder = opendir(path) else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) { String(cString: $0) }
            }
            if name != "." && name != ".." { try remove(path + "/" + name) }
        }
        guard rmdir(path) == 0 else { throw failure("cannot remove \(path)") }
    }

    /// Copies a file into a new one, made 0600, and syncs it.
    static func copy(_ path: String, to target: String) throws(StoreError) {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw failure("cannot open \(path)") }
        defer { close(source) }
        let copy = open(target, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard copy >= 0 else { throw failure("cannot make \(target)") }
        defer { close(copy) }
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let count = read(source, buffer, 1 << 20)
            guard count >= 0 else { throw failure("cannot read \(path)") }
            guard count > 0 else { break }
            guard write(copy, buffer, count) == count else { throw failure("cannot write \(target)") }
        }
        guard fsync(copy) == 0 else { throw failure("cannot sync \(target)") }
    }

    /// Whether something has that name.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// How many processors are at work.
    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private static func sync(_ path: String, flags: Int32) throws(StoreError) {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot sync \(path)") }
    }

    private static func parent(of path: String) -> String? {
        let trimmed = path.last == "/" ? path.dropLast() : path[...]
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? nil : String(trimmed[..<slash])
    }
}
