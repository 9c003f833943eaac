import FoundationEssentials
import TokenCore
import TokenSealing

/// A seal file that a command changes in place.
struct SealFile {
    private let name: String
    private let path: String

    /// - Parameter name: as it was typed.
    init(_ name: String) {
        self.name = name
        path = Surroundings.current.absolute(name)
    }

    /// Puts changed keys in the place of the old ones, mode 0600 and whole after a crash. A running server goes on with what it has read.
    ///
    /// - Returns: the keys that are in the file now.
    /// - Throws: when the file is no seal, or the change is not possible; it is then as it was.
    func change(_ change: (SealKeys) throws -> SealKeys) throws(CommandFailure) -> SealKeys {
        guard let old = FileManager.default.contents(atPath: path) else {
            throw CommandFailure(.usage, "there is no readable seal file \(name).")
        }
        let keys: SealKeys
        do { keys = try change(SealKeys(parsing: Array(old))) } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.usage, "\(name) cannot be changed: \(error)")
        }
        do { try PrivateFile.replace(path, with: keys.text.bytes) } catch {
            throw CommandFailure(.failed, "\(name) could not be replaced: \(error)")
        }
        return keys
    }
}
