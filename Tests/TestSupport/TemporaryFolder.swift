import FoundationEssentials

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The folder of this process, below the system's temporary one; removed with everything in it when the process ends.
private let root: String = {
    let path = "/tmp/mintmark-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    atexit { removeRoot() }
    return path
}()

private func removeRoot() { try? FileManager.default.removeItem(atPath: root) }

/// The path of a folder that is not there yet, of its own in one that is. Nobody has to remove it.
public func temporaryFolder() -> String {
    let parent = "\(root)/\(UInt64.random(in: 0 ... .max))"
    do { try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true) } catch {
        preconditionFailure("no temporary folder: \(error)")
    }
    return parent + "/data"
}
