#if canImport(Glibc)
package import Glibc
#elseif canImport(Musl)
package import Musl
#else
package import Darwin
#endif

/// Whom a file belongs to.
///
/// A command that root types works on files of the server's user, and the server refuses to start over secrets of another. So what root puts in
/// the place of a file, or makes in a folder, belongs to whom the file or the folder belongs to, as SQLite does it with its log. Nobody but root
/// can give a file away, and for nobody else is there anything to do.
package struct FileOwner: Sendable, Equatable {
    /// The number of the user.
    package let user: uid_t
    /// The number of the group.
    package let group: gid_t

    /// Whom what has that name belongs to; nil when nothing has it.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (user, group) = (status.st_uid, status.st_gid)
    }

    /// Whom a file would belong to under that name: the owner of what has it, else of the nearest folder above it that is there.
    package static func heir(of path: String) -> FileOwner? {
        var rest = path[...]
        while true {
            if let owner = FileOwner(of: rest.isEmpty ? "/" : String(rest)) { return owner }
            guard let slash = rest.lastIndex(of: "/") else { return FileOwner(of: ".") }
            rest = rest[..<slash]
        }
    }

    /// Gives the owner a file or folder that this process has just made and holds open: a name could by now lead elsewhere.
    ///
    /// - Returns: whether it is the owner's; with the reason in `errno` if not.
    package func take(_ descriptor: Int32) -> Bool {
        guard geteuid() == 0 else { return true }
        return fchown(descriptor, user, group) == 0
    }
}
