extension Settings {
    private static let allServices = ServiceKind.allCases
    private static let internalServices = allServices.filter { $0 != .gateway }

    /// All settings.
    package static let known: [Setting] = [
        Setting("GATEWAY_HOST", "127.0.0.1", "Address that the gateway binds to.", for: [.gateway]),
        Setting("GATEWAY_PORT", "8000", "Port of the gateway.", for: [.gateway]),
        Setting("CONVERSATION_PORT", "8001", "Port of conversation-svc.", for: [.gateway, .conversation]),
        Setting("INFERENCE_PORT", "8002", "Port of inference-svc.", for: [.gateway, .conversation, .inference]),
        Setting("MEDIA_PORT", "8003", "Port of media-svc.", for: [.gateway, .media]),
        Setting("TRANSCRIPTION_PORT", "8004", "Port of transcription-svc.", for: [.gateway, .transcription]),
        Setting("SERVICE_HOST", "127.0.0.1", "Address that the internal services bind to.", for: internalServices),
        Setting("CONVERSATION_URL", "", "URL of conversation-svc, if it runs on another machine.", for: [.gateway]),
        Setting(
            "INFERENCE_URL",
            "",
            "URLs of inference-svc, separated by commas; each address of a host name is a replica.",
            for: [.gateway, .conversation]
        ),
        Setting("MEDIA_URL", "", "URL of media-svc, if it runs on another machine.", for: [.gateway]),
        Setting("TRANSCRIPTION_URL", "", "URL of transcription-svc, if it runs on another machine.", for: [.gateway]),
        Setting("DATA_DIR", "./data", "Folder of all stored data.", for: allServices),
        Setting(
            "BUS_TOKEN",
            "",
            "Secret that services send to each other; default: the file bus-token in DATA_DIR.",
            for: allServices,
            isSecret: true
        ),
        Setting(
            "AUTH_MODE",
            "",
            "required, open or off; default: open if the gateway binds to loopback, else required.",
            for: [.gateway]
        ),
        Setting(
            "ALLOW_INSECURE",
            "false",
            "Allows AUTH_MODE open or off on an address other than loopback.",
            for: [.gateway]
        ),
        Setting(
            "JWT_SECRET_KEY",
            "",
            "Secret that signs tokens, 32 bytes or more; default: the file jwt-secret in DATA_DIR.",
            for: [.gateway],
            isSecret: true
        ),
        Setting("JWT_ISSUER", "parley", "Required issuer of tokens.", for: [.gateway]),
        Setting("JWT_AUDIENCE", "", "Required audience of tokens; default: not checked.", for: [.gateway]),
        Setting("JWT_JWKS_URL", "", "URL of the public keys for tokens.", for: [.gateway]),
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
        Setting("CORS_ORIGINS", "", "Allowed origins of web pages, separated by commas; * for all.", for: [.gateway]),
        Setting("RATE_LIMIT_PER_MINUTE", "300", "Requests per minute of one caller; 0: unlimited.", for: [.gateway]),
        Setting("RATE_LIMIT_PER_HOUR", "5000", "Requests per hour of one caller; 0: unlimited.", for: [.gateway]),
        Setting(
            "MAX_CONCURRENT_RUNS",
            "8",
            "Concurrent generations of one user; 0: unlimited.",
            for: [.gateway, .conversation]
        ),
        Setting(
            "USAGE_RETENTION_DAYS",
            "400",
            "Days that usage is stored; 0: forever.",
            for: [.conversation]
        ),
        Setting(
            "MEMORY_RECALL",
            "true",
            "Adds the user's memories that are related to a message to the prompt.",
            for: [.conversation]
        ),
        Setting(
            "MEMORY_EXTRACTION",
            "false",
            "Lets the model that answered a turn extract facts about the user from it.",
            for: [.conversation]
        ),
        Setting(
            "MEMORY_EMBEDDING_MODEL",
            "demo/hash-embedding",
            "Model that embeds memories for the search by meaning; none: search by words only.",
            for: [.conversation]
        ),
        Setting(
            "DEFAULT_MODEL",
            "",
            "Model for requests that name none; default: of the first configured provider, else demo/demo.",
            for: [.inference]
        ),
        Setting("OLLAMA_BASE_URL", "http://127.0.0.1:11434", "URL of Ollama.", for: [.inference]),
        Setting("OLLAMA_API_KEY", "", "API key of Ollama, if it is behind a login.", for: [.inference], isSecret: true),
        Setting("OLLAMA_NUM_CTX", "8192", "Maximum context window requested of Ollama, in tokens.", for: [.inference]),
        Setting("GEMINI_API_KEY", "", "API key of Gemini.", for: [.inference], isSecret: true),
        Setting(
            "GEMINI_BASE_URL",
            "https://generativelanguage.googleapis.com",
            "URL of Gemini, without a version.",
            for: [.inference]
        ),
        Setting("GEMINI_API_VERSION", "v1beta", "Version of Gemini's API: v1, v1beta or v1alpha.", for: [.inference]),
        Setting("OPENAI_API_KEY", "", "API key of OpenAI.", for: [.inference], isSecret: true),
        Setting(
            "OPENAI_BASE_URL",
            "https://api.openai.com/v1",
            "URL of OpenAI or a compatible server, with its /v1.",
            for: [.inference]
        ),
        Setting("ANTHROPIC_API_KEY", "", "API key of Anthropic.", for: [.inference], isSecret: true),
        Setting(
            "ANTHROPIC_BASE_URL",
            "https://api.anthropic.com",
            "URL of Anthropic, without /v1.",
            for: [.inference]
        ),
        Setting(
            "PROVIDERS_FILE",
            "",
            "Path of a JSON file with more servers, targets, prices and fallbacks.",
            for: [.inference]
        ),
        Setting(
            "HTTPS_PROXY",
            "",
            "URL of the proxy for providers with https URLs; default: none.",
            for: [.inference],
            isSecret: true
        ),
        Setting(
            "HTTP_PROXY",
            "",
            "URL of the proxy for providers with http URLs; default: none.",
            for: [.inference],
            isSecret: true
        ),
        Setting(
            "NO_PROXY",
            "",
            "Hosts and networks of providers that no proxy is used for; comma-separated, * for all.",
            for: [.inference]
        ),
        Setting(
            "SSL_CERT_FILE",
            "",
            "File with the trusted certificates of providers; default: those of the system.",
            for: [.inference]
        ),
        Setting("CONNECT_TIMEOUT", "5s", "Timeout for a connection to a provider.", for: [.inference]),
        Setting(
            "FIRST_TOKEN_TIMEOUT",
            "60s",
            "Timeout for the first token of a provider; for Ollama 300s.",
            for: [.inference]
        ),
        Setting("TOKEN_GAP_TIMEOUT", "60s", "Timeout between two tokens of a provider.", for: [.inference]),
        Setting("RUN_TIMEOUT", "600s", "Timeout for a whole generation.", for: [.conversation, .inference]),
        Setting(
            "PROVIDER_CONCURRENCY",
            "64",
            "Concurrent generations per provider; for Ollama 4.",
            for: [.inference]
        ),
        Setting("PROVIDER_QUEUE", "256", "Queued generations per provider.", for: [.inference]),
        Setting("PROVIDER_EVENT_LIMIT", "16777216", "Maximum size of one event of a provider.", for: [.inference]),
        Setting(
            "PROVIDER_QUEUE_BYTES",
            "268435456",
            "Maximum size of a provider's queued requests, in bytes.",
            for: [.inference]
        ),
        Setting("QUEUE_TIMEOUT", "300s", "Timeout for waiting in a provider's queue.", for: [.inference]),
        Setting(
            "QUEUE_FALLBACK_TIMEOUT",
            "5s",
            "Timeout for waiting in a provider's queue while another model can be asked.",
            for: [.inference]
        ),
        Setting(
            "WEATHER_URL",
            "",
            "URL of an open-meteo server, for the tool get_weather; default: off.",
            for: [.conversation]
        ),
        Setting(
            "WEB_SEARCH_URL",
            "",
            "URL of a SearXNG server, for the tool web_search; default: off.",
            for: [.conversation]
        ),
        Setting(
            "IMAGES_URL",
            "",
            "URL of a server with OpenAI's images API, with its /v1, for the tool generate_image; default: off.",
            for: [.conversation]
        ),
        Setting("IMAGES_API_KEY", "", "API key of the server at IMAGES_URL.", for: [.conversation], isSecret: true),
        Setting("IMAGES_MODEL", "", "Model of the server at IMAGES_URL; default: the server's.", for: [.conversation]),
        Setting("TRANSCRIPTION_ENGINE", "", "Engine for speech recognition.", for: [.transcription]),
        Setting("SPEECH_ENGINE", "", "Engine for speech synthesis.", for: [.transcription]),
        Setting("MEDIA_UPLOAD_DIR", "", "Folder for uploads; default: in DATA_DIR.", for: [.media]),
        Setting("MEDIA_MAX_IMAGE_BYTES", "", "Maximum size of an image, in bytes.", for: [.media]),
        Setting("MEDIA_MAX_AUDIO_BYTES", "", "Maximum size of audio, in bytes.", for: [.media]),
        Setting("LOG_LEVEL", "info", "trace, debug, info, notice, warning, error or critical.", for: allServices),
        Setting("LOG_FORMAT", "text", "text or json.", for: allServices),
    ]
}
