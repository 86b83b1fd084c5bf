extension Schema {
    /// `{"detail":"…"}`.
    static let fastAPIError = Schema.object(name: "FastAPIError", [.required("detail", .string)])

    /// The body of a 422: see ``ValidationErrors``.
    static let fastAPIValidationErrors = Schema.object(
        name: "HTTPValidationError",
        [
            .required(
                "detail",
                .array(
                    .object(
                        name: "ValidationError",
                        [
                            .required("type", .string), .required("loc", .array(.anyOf([.string, .integer()]))),
                            .required("msg", .string), .required("input", .any), .optional("ctx", .map(.any)),
                        ]
                    )
                )
            )
        ]
    )
}
