extension Settings {
    private static let everyone = Setting.Reader.allCases
    private static let innerServices = everyone.filter { $0 != .gateway }

    /// All settings there are.
    package static let known: [Setting] = [
        Setting("GATEWAY_HOST", "127.0.0.1", "Address that the public door binds to.", for: [.gateway]),
        Setting("GATEWAY_PORT", "8000", "Port of the public door.", for: [.gateway]),
        Setting("CONVERSATION_PORT", "8001", "Port of conversation-svc.", for: [.gateway, .conversation]),
        Setting("INFERENCE_PORT", "8002", "Port of inference-svc.", for: [.gateway, .conversation, .inference]),
        Setting("MEDIA_PORT", "8003", "Port of media-svc.", for: [.gateway, .media]),
        Setting("TRANSCRIPTION_PORT", "8004", "Port of transcription-svc.", for: [.gateway, .transcription]),
        Setting("SERVICE_HOST", "127.0.0.1", "Address that the internal services bind to.", for: innerServices),
        Setting("CONVERSATION_URL", "", "Where conversation-svc is, when not on this machine.", for: [.gateway]),
        Setting(
            "INFERENCE_URL",
            "",
            "Where inference-svc is: one URL, several with commas, or a name of several.",
            for: [.gateway, .conversation]
        ),
        Setting("MEDIA_URL", "", "Where media-svc is.", for: [.gateway]),
        Setting("TRANSCRIPTION_URL", "", "Where transcription-svc is.", for: [.gateway]),
        Setting("DATA_DIR", "./data", "Folder for all that is kept.", for: everyone),
        Setting(
            "BUS_TOKEN",
            "",
            "Secret that the services show each other; else the file bus-token.",
            for: everyone,
            isSecret: true
        ),
        Setting("AUTH_MODE", "", "required, open or off; open when the gateway is bound to loopback.", for: [.gateway]),
        Setting(
            "ALLOW_INSECURE",
            "false",
            "Lets a gateway start beyond loopback without required authentication.",
            for: [.gateway]
        ),
        Setting(
            "JWT_SECRET_KEY",
            "",
            "Secret of the tokens, 32 bytes or more; else the file jwt-secret.",
            for: [.gateway],
            isSecret: true
        ),
        Setting("JWT_ISSUER", "parley", "Who must have issued a token.", for: [.gateway]),
        Setting("JWT_AUDIENCE", "", "For whom a token must be; unset: not checked.", for: [.gateway]),
        Setting("JWT_JWKS_URL", "", "Where public keys for tokens are found.", for: [.gateway]),
        Setting(
            "ALLOWED_HOSTS",
            "",
            "Host names answered in the modes open and off, beside loopback ones; comma-separated.",
            for: [.gateway]
        ),
        Setting(
            "TRUSTED_PROXIES",
            "",
            "Addresses or networks of proxies whose X-Forwarded-For and Forwarded count; comma-separated.",
            for: [.gateway]
        ),
        Setting("CORS_ORIGINS", "", "Origins of web pages that may ask, with commas; * for all.", for: [.gateway]),
        Setting("RATE_LIMIT_PER_MINUTE", "300", "Requests a minute of one caller; 0 for no limit.", for: [.gateway]),
        Setting("RATE_LIMIT_PER_HOUR", "5000", "Requests an hour of one caller; 0 for no limit.", for: [.gateway]),
        Setting(
            "MAX_CONCURRENT_RUNS",
            "8",
            "Answers that may be made for one user at once; 0 for no limit.",
            for: [.gateway, .conversation]
        ),
        Setting(
            "USAGE_RETENTION_DAYS",
            "400",
            "For how many days usage is kept; 0 for ever.",
            for: [.conversation]
        ),
        Setting(
            "DEFAULT_MODEL",
            "",
            "Model that answers; unset: the first provider that is up, else demo/demo.",
            for: [.inference]
        ),
        Setting("OLLAMA_BASE_URL", "http://127.0.0.1:11434", "Where Ollama is.", for: [.inference]),
        Setting("OLLAMA_NUM_CTX", "8192", "Upper bound of the window asked of Ollama, in tokens.", for: [.inference]),
        Setting("GEMINI_API_KEY", "", "Key for Gemini.", for: [.inference], isSecret: true),
        Setting(
            "GEMINI_BASE_URL",
            "https://generativelanguage.googleapis.com",
            "Where Gemini is, without a version.",
            for: [.inference]
        ),
        Setting("GEMINI_API_VERSION", "v1beta", "Gemini's interface: v1, v1beta or v1alpha.", for: [.inference]),
        Setting("OPENAI_API_KEY", "", "Key for OpenAI.", for: [.inference], isSecret: true),
        Setting(
            "OPENAI_BASE_URL",
            "https://api.openai.com/v1",
            "Where OpenAI, or a server that speaks its API, is; with its /v1.",
            for: [.inference]
        ),
        Setting("PROVIDERS_FILE", "", "JSON file: more providers, prices, fallbacks.", for: [.inference]),
        Setting("CONNECT_TIMEOUT", "5s", "How long a provider may take to accept a connection.", for: [.inference]),
        Setting(
            "FIRST_TOKEN_TIMEOUT",
            "60s",
            "How long a provider may take to its first text; Ollama 300s.",
            for: [.inference]
        ),
        Setting("TOKEN_GAP_TIMEOUT", "60s", "The longest silence in a provider's answer.", for: [.inference]),
        Setting("RUN_TIMEOUT", "600s", "How long a whole answer may take.", for: [.conversation, .inference]),
        Setting("PROVIDER_CONCURRENCY", "64", "Answers that one provider makes at once.", for: [.inference]),
        Setting("PROVIDER_QUEUE", "256", "Answers that may wait for one provider.", for: [.inference]),
        Setting("TRANSCRIPTION_ENGINE", "", "What turns speech into text.", for: [.transcription]),
        Setting("SPEECH_ENGINE", "", "What turns text into speech.", for: [.transcription]),
        Setting("MEDIA_UPLOAD_DIR", "", "Folder for uploads; unset: in DATA_DIR.", for: [.media]),
        Setting("MEDIA_MAX_IMAGE_BYTES", "", "The largest image that is taken.", for: [.media]),
        Setting("MEDIA_MAX_AUDIO_BYTES", "", "The longest audio that is taken, in bytes.", for: [.media]),
        Setting("LOG_LEVEL", "info", "trace, debug, info, notice, warning, error or critical.", for: everyone),
        Setting("LOG_FORMAT", "text", "text or json.", for: everyone),
    ]
}
