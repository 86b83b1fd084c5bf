/// One report of progress while a model is pulled or created.
struct JobStep: Equatable {
    /// The provider's description.
    var status: String?
    var digest: String?
    var total: Int?
    /// `nil` before the first byte.
    var completed: Int?
    var error: String?
    /// Whether the job is complete.
    var isSuccess = false
}
