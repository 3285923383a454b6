namespace KadOrleans.Http;

/// <summary>The management API, below <c>/v1/admin</c>: <see cref="IDhtAdmin"/> for programs with the scope view or manage.</summary>
internal static class AdminApi
{
    public static void Map(RouteGroupBuilder api)
    {
        var admin = api.MapGroup("/admin").WithTags("Management");
        var view = admin.MapGroup(string.Empty).RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.View));
        var manage = admin.MapGroup(string.Empty).RequireAuthorization(TokenAuthentication.PolicyOf(ApiScope.Manage));
        HeldKeyApi.Map(view, manage);
        UsageApi.Map(view);
        TableApi.Map(view, manage);
        LookupApi.Map(view);
        BanApi.Map(view, manage);
        LimitApi.Map(view, manage);
        CrawlApi.Map(view, manage);
        ClusterApi.Map(view, manage);
        ValueApi.Map(view, manage);
        TransferApi.Map(view, manage);
        TokenApi.Map(view, manage);
        view.MapGet("/audit", ReadAuditAsync)
            .WithSummary($"Lists the last changes that were made over this API, newest first; the last {IDhtAdmin.MaxAudit} are kept.")
            .WithDescription($"count: 1 to {IDhtAdmin.MaxPage}, {Requested.DefaultCount} without it. before: next of the page before.");
    }

    /// <summary>Which edges a change did not reach, for the audit log; empty if it reached all.</summary>
    public static string Without(IReadOnlyList<string> missing) => missing.Count == 0 ? string.Empty : $", not yet on {string.Join(", ", missing)}";

    /// <summary>Makes a call whose <see cref="ArgumentException"/> is the caller's mistake.</summary>
    public static async Task<T> CheckedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (ArgumentException e)
        {
            throw ApiProblemException.Wrong(e.Message);
        }
    }

    private static async Task<AuditResult> ReadAuditAsync(string? count, string? before, IDhtAdmin admin, CancellationToken cancellationToken)
    {
        var most = Requested.Count(count);
        var entries = await admin.ReadAuditAsync(most, Requested.OptionalNumber<long>(nameof(before), before), cancellationToken);
        return new AuditResult(entries, entries.Count == most ? entries[^1].Number : null);
    }

    /// <summary>The last changes. Next is the before of the next page; null after the last one.</summary>
    private sealed record AuditResult(IReadOnlyList<AuditEntry> Entries, long? Next);
}

// Notes each change by the management API, and what is kept for owners or no longer: a line in the log of the process, and an entry that
// lasts, kept by the IDhtAdmin. Event ids 8110 to 8119.
internal sealed partial class AuditLog(IServiceProvider services, ILoggerFactory loggers, TimeProvider time)
{
    // A sentence begins with what it is about, at some length, and ends with why.
    private const int MaxReason = 400;

    private readonly ILogger _logger = loggers.CreateLogger("KadOrleans.Audit");

    // Makes a change and notes it: the name of the request's token, the action, its target and its result. The change must not be
    // cancelled with the request, as it could stay half done. An entry that cannot be kept is in the log alone.
    public async Task<T> RunAsync<T>(HttpContext context, string action, string target, Func<Task<T>> change, Func<T, string> describe)
    {
        var who = VisibleText.Show(TokenAuthentication.TokenOf(context).Name);
        try
        {
            var result = await AdminApi.CheckedAsync(change);
            await NoteAsync(new AuditEntry(time.GetUtcNow(), who, action, VisibleText.Excerpt(target), true, VisibleText.Show(describe(result))));
            return result;
        }
        catch (Exception e)
        {
            var isRefused = DidNothing(e);
            var sentence = VisibleText.Excerpt(isRefused ? ProblemFilter.Explain(e).Sentence : e.Message, MaxReason);
            await NoteAsync(
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
    private async Task NoteAsync(AuditEntry entry, string? refusal = null)
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
            await admin.NoteAsync(entry, CancellationToken.None);
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
