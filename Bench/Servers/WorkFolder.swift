import FoundationEssentials

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The folder of one benchmark: data folders, configuration and output of the servers it starts. On the disk that is
/// measured, and gone afterwards.
struct WorkFolder: Sendable {
    /// Absolute.
    let path: String

    /// The path of the program that runs, to start it once more.
    static var thisProgram: String { CommandLine.arguments.first ?? "mintmark-bench" }

    /// Makes an empty folder.
    ///
    /// - Parameter parent: made if it does not exist; relative to the working folder unless it begins with a slash.
    init(in parent: String) throws(BenchError) {
        // Servers are told where their files are, and have working folders of their own.
        let base = parent.hasPrefix("/") ? parent : FileManager.default.currentDirectoryPath + "/" + parent
        self.path = base + "/bench-" + UUID().uuidString.prefix(8)
        do {
            try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
        } catch {
            throw BenchError("cannot make \(self.path): \(error)")
        }
    }

    /// A folder in this one that does not exist yet.
    func subfolder(_ name: String) -> String { self.path + "/" + name }

    func write(_ text: String, to name: String) throws(BenchError) {
        try self.write(Array(text.utf8), to: name)
    }

    func write(_ bytes: [UInt8], to name: String) throws(BenchError) {
        do {
            try Data(bytes).write(to: URL(filePath: self.path + "/" + name))
        } catch {
            throw BenchError("cannot write \(name): \(error)")
        }
    }

    /// Removes everything. What cannot be removed stays: nothing depends on it.
    func remove() {
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// The sizes of the files in a folder and below, together, in bytes.
    static func size(of folder: String) -> Int {
        let files = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return files.reduce(0) { sum, file in
            // Foundation and its essentials give attributes in different types; where a file ends is the same in both. A folder cannot be
            // opened for writing.
            let descriptor = open(folder + "/" + file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { return sum }
            defer { close(descriptor) }
            return sum + max(0, Int(lseek(descriptor, 0, SEEK_END)))
        }
    }
}
