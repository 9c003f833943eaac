import Synchronization
import TokenCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The right to be the one store of a folder: held from opening to closing, and released by the system when the process dies.
///
/// `flock` belongs to the open file and not to the process, so a second store in the same process is refused too. SQLite's own locks
/// cannot do this: they come and go with every transaction.
final class FolderLock: Sendable {
    /// Guards the open file; nil once released.
    private let descriptor: Mutex<Int32?>

    /// Takes the lock of a folder that exists.
    ///
    /// - Parameter owner: whose the file of the lock is, if it has to be made; nil for this process's user.
    /// - Throws: `.unavailable` when another store has it.
    init(folder: String, owner: FileOwner? = nil) throws(StoreError) {
        let path = folder + "/lock"
        var descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            if let owner, !owner.take(descriptor) {
                let failure = SystemCalls.failure("cannot give \(path) to its owner")
                close(descriptor)
                throw failure
            }
        } else if errno == EEXIST {
            descriptor = open(path, O_RDWR | O_CLOEXEC)
        }
        guard descriptor >= 0 else { throw SystemCalls.failure("cannot open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason: StoreError =
                errno == EWOULDBLOCK ? .unavailable("the folder \(folder) is in use by another store") : SystemCalls.failure("cannot lock \(path)")
            close(descriptor)
            throw reason
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets others have the folder; a second time does nothing.
    func release() {
        descriptor.withLock { descriptor in
            if let descriptor {
                // Closing alone would leave the lock to a child that was forked meanwhile and has not yet become another program.
                flock(descriptor, LOCK_UN)
                close(descriptor)
            }
            descriptor = nil
        }
    }
}
