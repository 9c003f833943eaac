/// Paths compared as text: nothing is looked up, so a path need not exist and links are not followed.
enum Paths {
    /// The same folder without the slashes at its end: `data/` is `data`.
    static func withoutTrailingSlashes(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.last == "/" { path.removeLast() }
        return String(path)
    }

    /// True if the path is the folder or something in it.
    ///
    /// - Parameter workingDirectory: where relative paths start.
    static func isInside(_ path: String, folder: String, workingDirectory: String) -> Bool {
        let folder = components(folder, workingDirectory)
        return components(path, workingDirectory).starts(with: folder)
    }

    private static func components(_ path: String, _ workingDirectory: String) -> [Substring] {
        let absolute = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        return absolute.split(separator: "/").reduce(into: []) { result, component in
            switch component {
            case ".": break
            case "..": _ = result.popLast()
            default: result.append(component)
            }
        }
    }
}
