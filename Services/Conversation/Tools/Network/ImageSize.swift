/// The size of a generated image, as its model supports it.
struct ImageSize: Equatable, CustomStringConvertible {
    private static let range = 64.0...1024.0
    private static let defaultLength = 512.0
    /// Models without fixed sizes work with multiples of this length.
    private static let step = 64.0

    let width: Int
    let height: Int
    /// Whether the model accepts `response_format`; models that do not return the image itself.
    let acceptsResponseFormat: Bool

    /// `512x512`.
    var description: String { "\(width)x\(height)" }

    /// Limits the lengths to 64…1024 and rounds them: to the nearest size of OpenAI's models, and to multiples of 64 for
    /// all others.
    init(width: Double?, height: Double?, model: String?) {
        let width = Self.clamp(width)
        let height = Self.clamp(height)
        let name = (model ?? "").lowercased()
        acceptsResponseFormat = !name.hasPrefix("gpt-image") && !name.hasPrefix("chatgpt-image")
        let sizes: [(Int, Int)] =
            if name.hasPrefix("dall-e-2") {
                [(256, 256), (512, 512), (1024, 1024)]
            } else if name.hasPrefix("dall-e-3") {
                [(1024, 1024), (1792, 1024), (1024, 1792)]
            } else if !acceptsResponseFormat {
                [(1024, 1024), (1536, 1024), (1024, 1536)]
            } else {
                [(Self.rounded(width), Self.rounded(height))]
            }
        let nearest = sizes.min { Self.difference($0, width, height) < Self.difference($1, width, height) }
        (self.width, self.height) = nearest ?? (512, 512)
    }

    private static func clamp(_ length: Double?) -> Double {
        min(max(length ?? defaultLength, range.lowerBound), range.upperBound)
    }

    private static func rounded(_ length: Double) -> Int {
        Int(exactly: (length / step).rounded() * step) ?? 512
    }

    /// The difference of the shapes first, then that of the widths.
    private static func difference(_ size: (Int, Int), _ width: Double, _ height: Double) -> Double {
        let shape = abs(Double(size.0) / Double(size.1) - width / height)
        return shape * 10_000 + abs(Double(size.0) - width)
    }
}
