namespace KadOrleans.Http;

// Records each change by the management API, and what is kept for owners or no longer: a line in the log of the process, and an entry that
// lasts, kept by the IDhtAdmin. Event ids 8110 to 8119.
internal sealed partial class AuditLog(IServiceProvider services, ILoggerFactory loggers, TimeProvider time)
{
    // A sentence begins with what it is about, at some length, and ends with why.
    private const int MaxReason = 400;

    public const string Category = "KadOrleans.Audit";

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    // Makes a change and notes it: the name of the request's token, the action, its target and its result. The change must not be
    // cancelled with the request, as it could stay half done. An entry that cannot be kept is in the log alone.
    public async Task<T> RunAsync<T>(HttpContext context, string action, string target, Func<Task<T>> change, Func<T, string> describe)
    {
        var who = VisibleText.Show(TokenAuthentication.TokenOf(context).Name);
        try
        {
            var result = await AdminApi.CheckedAsync(change);
            await RecordAsync(new AuditEntry(time.GetUtcNow(), who, action, VisibleText.Excerpt(target), true, VisibleText.Show(describe(result))));
            return result;
        }
        catch (Exception e)
        {
            var isRefused = DidNothing(e);
            var sentence = VisibleText.Excerpt(isRefused ? ProblemFilter.Explain(e).Sentence : e.Message, MaxReason);
            await RecordAsync(
                new AuditEntry(time.GetUtcNow(), who, action, VisibleText.Excerpt(target), false, isRefused ? $"refused: {sentence}" : sentence),
                isRefused ? sentence : null);
            throw;
        }
    }

    // By what a client is told (docs/http.md): after 500 and 503 a change may have been made, and whoever went away was told nothing.
    private static bool DidNothing(Exception failure) =>
        failure is ApiProblemException { Status: < StatusCodes.Status500InternalServerError or StatusCodes.Status507InsufficientStorage }
            or BadHttpRequestException or JsonException;

    // The refusal is why nothing was done.
    private async Task RecordAsync(AuditEntry entry, string? refusal = null)
    {
        if (entry.Succeeded)
        {
            LogChanged(entry.Who, entry.Action, entry.Target, entry.Result);
        }
        else if (refusal is not null)
        {
            LogRefused(entry.Who, entry.Action, entry.Target, refusal);
        }
        else
        {
            LogFailed(entry.Who, entry.Action, entry.Target, entry.Result);
        }

        // An edge keeps no audit log: that of its process has the line.
        if (services.GetService<IDhtAdmin>() is not { } admin)
        {
            return;
        }

        try
        {
            await admin.RecordAsync(entry, CancellationToken.None);
        }
        catch (Exception e)
        {
            LogNotKept(entry.Action, entry.Target, e.Message);
        }
    }

    [LoggerMessage(8110, LogLevel.Information, "Audit: '{Who}' {Action} {Target}: {Result}")]
    private partial void LogChanged(string who, string action, string target, string result);

    [LoggerMessage(8111, LogLevel.Warning, "Audit: '{Who}' {Action} {Target} failed and may have been done in part: {Result}")]
    private partial void LogFailed(string who, string action, string target, string result);

    [LoggerMessage(8113, LogLevel.Warning, "Audit: '{Who}' {Action} {Target} was refused: {Reason}")]
    private partial void LogRefused(string who, string action, string target, string reason);

    [LoggerMessage(8112, LogLevel.Error, "The audit log could not keep the entry '{Action} {Target}', which is in this log alone: {Problem}")]
    private partial void LogNotKept(string action, string target, string problem);
}
