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
