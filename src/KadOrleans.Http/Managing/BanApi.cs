using KadOrleans.Core.Admission;

namespace KadOrleans.Http.Managing;

/// <summary>Bans of ids and address ranges, at <c>/v1/admin/bans</c>.</summary>
internal static class BanApi
{
    private const string Path = "/bans";

    public static void Map(RouteGroupBuilder view, RouteGroupBuilder manage)
    {
        view.MapGet(Path, (IDhtAdmin admin, CancellationToken cancellationToken) => admin.GetBansAsync(cancellationToken))
            .WithSummary("Lists the banned ids and address ranges, and the edges that do not follow all of them yet.");
        manage.MapPut(Path, BanAsync)
            .WithSummary("Bans an id or an address range: its contacts leave the tables, its requests get no response, and it is not asked.")
            .WithDescription($"ban: {Ban.Allowed}.");
        manage.MapDelete(Path, UnbanAsync)
            .WithSummary("Ends a ban. It must be the same as in the list.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<BanResult> BanAsync(string? ban, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var parsed = Parse(ban);
        var change = await audit.RunAsync(
            context,
            "ban",
            parsed.ToString(),
            () => admin.BanAsync(parsed, CancellationToken.None),
            result => (result.Changed ? "banned" : "was banned already") + AdminApi.Without(result.Missing));
        return new BanResult(parsed, change.Changed, change.Missing);
    }

    private static async Task<BanResult> UnbanAsync(string? ban, HttpContext context, IDhtAdmin admin, AuditLog audit)
    {
        var parsed = Parse(ban);
        var change = await audit.RunAsync(
            context,
            "unban",
            parsed.ToString(),
            () => admin.UnbanAsync(parsed, CancellationToken.None),
            result => (result.Changed ? "unbanned" : "was not banned") + AdminApi.Without(result.Missing));
        return change.Changed
            ? new BanResult(parsed, change.Changed, change.Missing)
            : throw ApiProblemException.Missing($"'{parsed}' is not banned.");
    }

    private static Ban Parse(string? text) => Ban.TryParse(text, out var ban)
        ? ban
        : throw ApiProblemException.Wrong($"ban is '{VisibleText.Excerpt(text ?? string.Empty)}'; {Ban.Allowed}.");

    /// <summary>A change of the bans, and the edges that do not follow it yet. They will when they reach the cluster again.</summary>
    private sealed record BanResult(Ban Ban, bool Changed, IReadOnlyList<string> Missing);
}
