namespace KadOrleans.Http;

/// <summary>
/// What is wrong with a request, for programs: the <c>type</c> of problem details (RFC 9457 §3.1.1), a reference to a page of this server.
/// docs/http.md lists them. A name stays once it was released; its sentence may change.
/// </summary>
internal sealed record ProblemType(string Name, int Status, string Title)
{
    public const string Root = $"{DhtApi.Root}/problems";

    public static readonly ProblemType WrongRequest = new(
        "wrong-request", StatusCodes.Status400BadRequest, "An argument, the path or the body is wrong");
    public static readonly ProblemType UnknownName = new("unknown-name", StatusCodes.Status400BadRequest, "A parameter or a field is unknown");
    public static readonly ProblemType InvalidItem = new(
        "invalid-item", StatusCodes.Status400BadRequest, "It is no item that its owner signed for this key");
    public static readonly ProblemType NoToken = new("no-token", StatusCodes.Status401Unauthorized, "The request has no token");
    public static readonly ProblemType UnknownToken = new(
        "unknown-token", StatusCodes.Status401Unauthorized, "The token is not one of this server's");
    public static readonly ProblemType SessionEnded = new("session-ended", StatusCodes.Status401Unauthorized, "The browser's session has ended");
    public static readonly ProblemType MissingScope = new("missing-scope", StatusCodes.Status403Forbidden, "The token lacks a scope");
    public static readonly ProblemType NotForUsers = new(
        "not-for-users", StatusCodes.Status403Forbidden, "A user of an identity provider may not do this; a token of the server may");
    public static readonly ProblemType NotFound = new("not-found", StatusCodes.Status404NotFound, "What the request names does not exist");
    public static readonly ProblemType NoValue = new("no-value", StatusCodes.Status404NotFound, "No value was found");
    public static readonly ProblemType NotPublished = new("not-published", StatusCodes.Status404NotFound, "The key is not published here");
    public static readonly ProblemType UnknownLimit = new("unknown-limit", StatusCodes.Status404NotFound, "There is no such limit");
    public static readonly ProblemType NoSuchPath = new("no-such-path", StatusCodes.Status404NotFound, "There is no such path");
    public static readonly ProblemType NoManagement = new("no-management", StatusCodes.Status404NotFound, "An edge has no management; a silo has");
    public static readonly ProblemType WrongMethod = new("wrong-method", StatusCodes.Status405MethodNotAllowed, "The path has other methods");
    public static readonly ProblemType Conflict = new("conflict", StatusCodes.Status409Conflict, "The present state does not allow it");
    public static readonly ProblemType OlderItem = new("older-item", StatusCodes.Status409Conflict, "The owner has signed a newer item");
    public static readonly ProblemType NotOwner = new("not-owner", StatusCodes.Status409Conflict, "The key has a signed item of its owner");
    public static readonly ProblemType OutcomeUnknown = new(
        "outcome-unknown", StatusCodes.Status409Conflict, "Whether the repeated call was done before is not known; read the key again");
    public static readonly ProblemType ConditionFailed = new(
        "condition-failed", StatusCodes.Status412PreconditionFailed, "A condition does not hold");
    public static readonly ProblemType TooLarge = new("too-large", StatusCodes.Status413PayloadTooLarge, "The body or the value is too long");
    public static readonly ProblemType WrongContentType = new(
        "wrong-content-type", StatusCodes.Status415UnsupportedMediaType, "The body has another type");
    public static readonly ProblemType UnknownHost = new("unknown-host", StatusCodes.Status421MisdirectedRequest, "The server has no such name");
    public static readonly ProblemType TooManyRequests = new(
        "too-many-requests", StatusCodes.Status429TooManyRequests, "The token's rate is used up");
    public static readonly ProblemType Failed = new("failed", StatusCodes.Status500InternalServerError, "The server failed; its log has the reason");
    public static readonly ProblemType WrongTransferEncoding = new(
        "wrong-transfer-encoding", StatusCodes.Status501NotImplemented, "The transfer has an encoding beside chunked");
    public static readonly ProblemType Unavailable = new(
        "unavailable", StatusCodes.Status503ServiceUnavailable, "Cluster or storage does not respond");
    public static readonly ProblemType NotStored = new("not-stored", StatusCodes.Status503ServiceUnavailable, "No contact stored the value");
    public static readonly ProblemType StoreFull = new("store-full", StatusCodes.Status507InsufficientStorage, "A quota is used up");

    /// <summary>All of them. The first one of a status is what such a problem has that says no other.</summary>
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        WrongRequest, UnknownName, InvalidItem, NoToken, UnknownToken, SessionEnded, MissingScope, NotForUsers, NotFound, NoValue, NotPublished, UnknownLimit,
        NoSuchPath, NoManagement, WrongMethod, Conflict, OlderItem, NotOwner, OutcomeUnknown, ConditionFailed, TooLarge, WrongContentType, UnknownHost,
        TooManyRequests, Failed, WrongTransferEncoding, Unavailable, NotStored, StoreFull,
    ];

    public string Reference => $"{Root}/{Name}";

    /// <summary>The type of a problem that says only its status; null for a status that has none.</summary>
    public static ProblemType? Of(int status) => All.FirstOrDefault(type => type.Status == status);

    /// <summary>Serves what the references name. It needs no token: it says what the product's documentation says.</summary>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(Root, () => TypedResults.Ok(new ProblemTypes([.. All.Select(ProblemTypeResult.Of)])))
            .AllowAnonymous().ExcludeFromDescription();
        endpoints.MapGet($"{Root}/{{name}}", IResult (string name) => All.FirstOrDefault(type => type.Name == name) is { } type
                ? TypedResults.Ok(ProblemTypeResult.Of(type))
                : ApiProblem.Create(StatusCodes.Status404NotFound, $"There is no problem '{VisibleText.Excerpt(name)}'; {Root} lists them."))
            .AllowAnonymous().ExcludeFromDescription();
    }

    private sealed record ProblemTypes(IReadOnlyList<ProblemTypeResult> Problems);

    private sealed record ProblemTypeResult(string Type, int Status, string Title)
    {
        public static ProblemTypeResult Of(ProblemType type) => new(type.Reference, type.Status, type.Title);
    }
}
