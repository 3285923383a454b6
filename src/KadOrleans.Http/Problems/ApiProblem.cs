namespace KadOrleans.Http;

/// <summary>Ends a request with a status and a sentence, and without an entry in the log.</summary>
internal sealed class ApiProblemException(int status, string sentence, ProblemType? type = null) : Exception(sentence)
{
    public ApiProblemException(ProblemType type, string sentence) : this(type.Status, sentence, type)
    {
    }

    /// <summary>The reason of who is refused as others wait already.</summary>
    public const string Busy = "busy";

    /// <summary>The reason of who is refused as the process stops.</summary>
    public const string Stopping = "stopping";

    public int Status => status;

    /// <summary>What programs branch on; null is that of the status.</summary>
    public ProblemType? Type => type;

    /// <summary>Which of the cases of its type it is, for programs; null if the type has one case.</summary>
    public string? Reason { get; init; }

    /// <summary>Which operation of a batch it is about, from 1; null if none is. The sentence begins with it.</summary>
    public int? Operation { get; init; }

    /// <summary>A mistake in the request: 400.</summary>
    public static ApiProblemException Wrong(string sentence) => new(StatusCodes.Status400BadRequest, sentence);

    /// <summary>What the request names does not exist: 404.</summary>
    public static ApiProblemException Missing(string sentence) => new(StatusCodes.Status404NotFound, sentence);
}

/// <summary>Responses for errors: problem details (RFC 9457), with one sentence in <c>detail</c>.</summary>
internal static class ApiProblem
{
    /// <summary>Creates a response. Text of strangers in the sentence is made visible. Without a type it has that of the status.</summary>
    public static ProblemHttpResult Create(
        int status, string sentence, IDictionary<string, object?>? extensions = null, ProblemType? type = null)
    {
        var shown = type ?? ProblemType.Of(status);
        return TypedResults.Problem(
            VisibleText.Show(sentence), statusCode: status, title: shown?.Title, type: shown?.Reference, extensions: extensions);
    }

    public static ProblemHttpResult Create(ProblemType type, string sentence) => Create(type.Status, sentence, type: type);
}

/// <summary>Turns what a handler throws into problem details. Event ids 8100 to 8109.</summary>
internal sealed partial class ProblemFilter(IHostApplicationLifetime lifetime, ILoggerFactory loggers) : IEndpointFilter
{
    // In seconds. Silos declare a dead one so within 18 s, and storage that was away is back at once.
    public const string RetryAfter = "5";

    private readonly ILogger _logger = loggers.CreateLogger("KadOrleans.Http");

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = context.HttpContext.Request;
        try
        {
            // What has begun is served to its end. A silo that took more would not come to its own.
            return lifetime.ApplicationStopping.IsCancellationRequested
                ? throw new ApiProblemException(ProblemType.Unavailable, "This server is stopping: ask another one, or this one later.")
                {
                    Reason = ApiProblemException.Stopping,
                }
                : await next(context);
        }
        catch (OperationCanceledException) when (context.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception e)
        {
            var (status, sentence) = Explain(e);
            var refusal = e as ApiProblemException;

            // Keys are put and deleted by these methods, and by a batch, which counts for itself. What was refused before it began did not fail.
            if ((e is DhtUnavailableException
                    || (refusal?.Type == ProblemType.Unavailable && refusal.Reason is not (ApiProblemException.Busy or ApiProblemException.Stopping)))
                && (HttpMethods.IsPut(request.Method) || HttpMethods.IsDelete(request.Method)))
            {
                FailedWrites.RecordOf(context.HttpContext);
            }

            if (status == StatusCodes.Status500InternalServerError)
            {
                LogFailed(request.Method, VisibleText.Excerpt(request.Path), e);
            }

            if (status == StatusCodes.Status503ServiceUnavailable)
            {
                context.HttpContext.Response.Headers.RetryAfter = RetryAfter;
            }

            return ApiProblem.Create(status, sentence, ExtensionsOf(refusal), refusal?.Type);
        }
    }

    private static Dictionary<string, object?> ExtensionsOf(ApiProblemException? refusal)
    {
        var extensions = new Dictionary<string, object?>();
        if (refusal?.Reason is { } reason)
        {
            extensions["reason"] = reason;
        }

        if (refusal?.Operation is { } operation)
        {
            extensions["operation"] = operation;
        }

        return extensions;
    }

    /// <summary>What a client is told of a failure.</summary>
    public static (int Status, string Sentence) Explain(Exception failure) => failure switch
    {
        ApiProblemException problem => (problem.Status, problem.Message),
        BadHttpRequestException wrong => (wrong.StatusCode, wrong.Message),
        JsonException json => (StatusCodes.Status400BadRequest, $"The body is not the JSON that is needed: {Phrases.OfJson(json)}."),
        DhtUnavailableException => (StatusCodes.Status503ServiceUnavailable, failure.Message),
        _ => (StatusCodes.Status500InternalServerError, "The request failed for a reason that is in the server's log."),
    };

    [LoggerMessage(8100, LogLevel.Error, "{Method} {Path} failed with status 500; if it fails again, report it with the exception that a verbose log has")]
    private partial void LogFailed(string method, string path, Exception failure);
}
